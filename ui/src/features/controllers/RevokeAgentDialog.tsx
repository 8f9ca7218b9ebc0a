import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import { revokeAgent } from "@/api/controllers";
import type { Agent, Controller } from "@/api/types";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { afterRevoking } from "./agents";

interface Props {
  controller: Controller;
  agent: Agent;
  agents: readonly Agent[];
  onCancel: () => void;
  onRevoked: () => void;
}

export function RevokeAgentDialog({ controller, agent, agents, onCancel, onRevoked }: Props) {
  return (
    <ConfirmDialog
      header={`Revoke this agent of ${controller.name}?`}
      confirm="Revoke"
      failure="The agent was not revoked"
      testId="revoke-agent-confirm"
      onCancel={onCancel}
      onConfirm={async () => {
        await revokeAgent(controller.id, agent.id);
        onRevoked();
      }}
    >
      <Box variant="code" fontSize="body-s">
        {agent.id}
      </Box>
      <Box>
        Its calls are refused from the next one on, and it stops. The controller gets a new command queue, so that
        nothing the agent holds opens anything; what was under way is sent again. Streams through it end, while the
        sessions themselves run on. This cannot be taken back: it would have to be enrolled anew.
      </Box>
      <Alert type={afterRevokingIsFine(agents, agent) ? "info" : "warning"}>{afterRevoking(agents, agent)}</Alert>
    </ConfirmDialog>
  );
}

const afterRevokingIsFine = (agents: readonly Agent[], { id }: Agent) =>
  agents.some((each) => each.id !== id && each.state === "active");
