import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Invitation } from "@/api/types";
import { CommandBox } from "@/components/CommandBox";
import { fullTime } from "@/components/time";

interface Props {
  invitation: Invitation;
  /** It replaces an older link. */
  again: boolean;
  onClose: () => void;
}

/** The link, which is shown this once. */
export function InvitationLinkDialog({ invitation, again, onClose }: Props) {
  return (
    <Modal
      visible
      header={`${invitation.email} is invited`}
      closeAriaLabel="Close"
      onDismiss={({ detail }) => {
        // A click beside the dialog must not lose a link that is not shown again.
        if (detail.reason !== "overlay") onClose();
      }}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onClose} data-testid="invitation-done">
            Done
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Box>
          An e-mail with this link is on its way. You may also hand it over yourself. It is not shown again.
          {again && " Older links of this invitation stopped working."}
        </Box>
        {invitation.link && <CommandBox command={invitation.link} testId="invitation-link" />}
        <Box color="text-body-secondary" fontSize="body-s">
          Whoever opens the link joins as {invitation.email}. It works once, until {fullTime(invitation.expires_at)}.
        </Box>
      </SpaceBetween>
    </Modal>
  );
}
