import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { asProblem, type Problem } from "@/api/problem";
import type { Controller } from "@/api/types";
import { ProblemAlert } from "@/components/ProblemAlert";

interface Props {
  controller: Controller;
  onCancel: () => void;
  onConfirm: () => Promise<void>;
}

export function RemoveControllerDialog({ controller, onCancel, onConfirm }: Props) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Modal
      visible
      header={`Remove ${controller.name}?`}
      closeAriaLabel="Close"
      onDismiss={onCancel}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onCancel}>
              Cancel
            </Button>
            <Button
              variant="primary"
              loading={busy}
              onClick={() => void confirm()}
              data-testid="remove-controller-confirm"
            >
              Remove
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Box>Its agent is refused from now on. To use its platform again, enrol it as a new controller.</Box>
        {controller.booked.sessions > 0 && (
          <Alert type="warning">
            It still serves {controller.booked.sessions} {controller.booked.sessions === 1 ? "session" : "sessions"}.
          </Alert>
        )}
        <ProblemAlert problem={problem} />
      </SpaceBetween>
    </Modal>
  );
}
