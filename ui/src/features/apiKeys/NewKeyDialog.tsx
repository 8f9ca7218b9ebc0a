import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { NewApiKey } from "@/api/types";
import { CommandBox } from "@/components/CommandBox";
import { fullTime } from "@/components/time";

interface Props {
  apiKey: NewApiKey;
  /** Until when the key that it replaces still works, if it replaces one. */
  overlapUntil: string | null;
  onClose: () => void;
}

/** The key itself: it is never shown again, since only its hash is kept. */
export function NewKeyDialog({ apiKey, overlapUntil, onClose }: Props) {
  return (
    <Modal
      visible
      header={`API key ${apiKey.name}`}
      closeAriaLabel="Close"
      onDismiss={({ detail }) => {
        // A click beside the dialog must not lose a key that is not shown again.
        if (detail.reason === "closeButton") onClose();
      }}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onClose} data-testid="key-done">
            I have stored it
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Alert type="warning" header="Store this key now">
          It is shown this once only. Whoever has it may do what its scopes allow.
        </Alert>
        <CommandBox command={apiKey.key} testId="new-key" />
        <Box>
          Send it in the header <code>Authorization: Bearer …</code>, never in an address.
        </Box>
        <Box color="text-body-secondary" fontSize="body-s">
          It expires {fullTime(apiKey.expires_at)}.
          {overlapUntil && ` The key that it replaces works until ${fullTime(overlapUntil)}.`}
        </Box>
      </SpaceBetween>
    </Modal>
  );
}
