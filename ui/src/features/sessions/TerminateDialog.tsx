import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { asProblem, type Problem } from "@/api/problem";
import type { Session } from "@/api/types";
import { ProblemAlert } from "@/components/ProblemAlert";

interface Props {
  session: Session;
  onCancel: () => void;
  onConfirm: (deleteHome: boolean) => Promise<void>;
}

export function TerminateDialog({ session, onCancel, onConfirm }: Props) {
  const [deleteHome, setDeleteHome] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm(deleteHome);
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };

  return (
    <Modal
      visible
      header={`Terminate ${session.name}?`}
      closeAriaLabel="Close"
      onDismiss={onCancel}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onCancel}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy} onClick={() => void confirm()} data-testid="terminate-confirm">
              Terminate
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Box>Everything that runs in the session ends at once. This cannot be undone.</Box>
        <Checkbox
          checked={deleteHome}
          onChange={({ detail }) => setDeleteHome(detail.checked)}
          description="Otherwise the files in its home folder are kept."
          data-testid="delete-home"
        >
          Delete the home folder too
        </Checkbox>
        {deleteHome && <Alert type="warning">All files in the home folder will be lost for good.</Alert>}
        <ProblemAlert problem={problem} />
      </SpaceBetween>
    </Modal>
  );
}
