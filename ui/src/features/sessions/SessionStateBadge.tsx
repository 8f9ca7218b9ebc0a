import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Session } from "@/api/types";
import { look } from "./states";

export function SessionStateBadge({ session }: { session: Session }) {
  const { label, type } = look(session.state);
  return (
    <span data-testid="session-state" data-session-id={session.id} data-state={session.state}>
      <StatusIndicator type={type} wrapText={false}>{label}</StatusIndicator>
    </span>
  );
}
