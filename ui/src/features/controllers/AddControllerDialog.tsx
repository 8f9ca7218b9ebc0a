import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useState } from "react";
import { createEnrollmentToken } from "@/api/controllers";
import { asProblem, type Problem } from "@/api/problem";
import type { Controller, EnrollmentToken } from "@/api/types";
import { CommandBox } from "@/components/CommandBox";
import { ProblemAlert } from "@/components/ProblemAlert";
import { countdown } from "@/components/time";
import { useNow } from "@/components/useNow";
import { useNewAgent, useNewController } from "./useArrival";

interface Props {
  /** Set when another agent is to serve a controller that exists. */
  existing: Controller | null;
  onClose: () => void;
}

export function AddControllerDialog({ existing, onClose }: Props) {
  const [name, setName] = useState("");
  const [token, setToken] = useState<EnrollmentToken | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  const create = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const label = name.trim();
      setToken(await createEnrollmentToken(existing ? { controller_id: existing.id } : label ? { name: label } : {}));
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };

  return (
    <Modal
      visible
      size="large"
      header={existing ? `Add an agent to ${existing.name}` : "Add controller"}
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant={token ? "primary" : "link"} onClick={onClose} data-testid="add-controller-close">
              {token ? "Done" : "Cancel"}
            </Button>
            {!token && (
              <Button
                variant="primary"
                loading={busy}
                onClick={() => void create()}
                data-testid="add-controller-create"
              >
                Create command
              </Button>
            )}
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="l">
        <ProblemAlert problem={problem} header="The enrolment token was not created" />
        {token ? (
          <Enrolment token={token} existing={existing} onAgain={() => setToken(null)} />
        ) : (
          <>
            <Box>
              {existing
                ? "Several agents may serve one controller: they share its work, and one can fail or be replaced. You " +
                  "get one command to run where the agent is to be. It has to be on the same Docker as the others."
                : "A controller is a machine that runs sessions. You get one command to run on it; its agent only dials " +
                  "out, so nothing has to be opened in a firewall. The machine needs Linux and Docker."}
            </Box>
            {!existing && (
              <FormField
                label={
                  <span>
                    Name <i>– optional</i>
                  </span>
                }
                errorText={problem?.field("name")}
              >
                <Input
                  value={name}
                  placeholder="The machine's host name"
                  onChange={({ detail }) => setName(detail.value)}
                  nativeInputAttributes={{ "data-testid": "add-controller-name" }}
                />
              </FormField>
            )}
          </>
        )}
      </SpaceBetween>
    </Modal>
  );
}

/** What has arrived, in words; null while it is waited for. */
function useArrival(existing: Controller | null): string | null {
  const controller = useNewController();
  const agent = useNewAgent(existing?.id ?? null);
  if (existing) return agent ? `Another agent serves ${existing.name}` : null;
  return controller && `${controller.name} is online`;
}

interface EnrolmentProps {
  token: EnrollmentToken;
  existing: Controller | null;
  onAgain: () => void;
}

function Enrolment({ token, existing, onAgain }: EnrolmentProps) {
  const now = useNow(1000);
  const left = (Date.parse(token.expires_at) - now) / 1000;
  const arrived = useArrival(existing);
  if (!arrived && left <= 0) {
    return (
      <Alert
        type="warning"
        header="This command has expired"
        action={<Button onClick={onAgain}>Create another</Button>}
      >
        A command can be used once, within 30 minutes.
      </Alert>
    );
  }
  return (
    <SpaceBetween size="m">
      <Box>Run this on the machine, as a user who may use Docker:</Box>
      <CommandBox command={token.command} testId="enrollment-command" />
      <div data-testid="enrollment-status" data-online={arrived !== null}>
        {arrived ? (
          <StatusIndicator type="success">{arrived}</StatusIndicator>
        ) : (
          <>
            <StatusIndicator type="loading">Waiting for the agent…</StatusIndicator>
            <Box color="text-body-secondary" fontSize="body-s">
              The command can be used once, for another {countdown(left)} minutes.
            </Box>
          </>
        )}
      </div>
    </SpaceBetween>
  );
}
