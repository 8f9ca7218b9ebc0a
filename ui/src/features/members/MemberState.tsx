import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Member } from "@/api/types";

export function MemberState({ member }: { member: Member }) {
  return (
    <span data-testid="member-state" data-state={member.disabled ? "disabled" : "active"}>
      <StatusIndicator type={member.disabled ? "stopped" : "success"}>
        {member.disabled ? "Disabled" : "Active"}
      </StatusIndicator>
    </span>
  );
}
