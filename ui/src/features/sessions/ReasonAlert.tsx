import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Session } from "@/api/types";
import { RouterLink } from "@/components/RouterLink";
import { useCan } from "@/features/account/AccountProvider";
import { advice } from "./advice";

const HEADERS: Partial<Record<Session["state"], string>> = {
  failed: "The session could not run",
  pending: "Not placed yet",
  terminated: "The session has ended",
};

/** Why the session is not running, and what can be done about it. */
export function ReasonAlert({ session }: { session: Session }) {
  const { reason, state } = session;
  const seesControllers = useCan("controllers:read");
  if (!reason) return null;
  const hint = advice(reason.code, state);
  const mayFollow = hint?.link?.href !== "/controllers" || seesControllers;
  return (
    <Alert type={state === "failed" ? "error" : "warning"} header={HEADERS[state] ?? "What happened"}>
      <SpaceBetween size="xxs">
        <span data-testid="reason" data-code={reason.code}>
          {reason.message}
        </span>
        {hint && (
          <Box color="inherit">
            <b>What you can do:</b> {hint.text}{" "}
            {hint.link && mayFollow && <RouterLink href={hint.link.href}>{hint.link.text}</RouterLink>}
          </Box>
        )}
      </SpaceBetween>
    </Alert>
  );
}
