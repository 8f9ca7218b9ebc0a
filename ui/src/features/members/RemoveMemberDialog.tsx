import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Checkbox from "@cloudscape-design/components/checkbox";
import { useState } from "react";
import { removeMember } from "@/api/members";
import type { Member } from "@/api/types";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { shutOut } from "./shutOut";

interface Props {
  member: Member;
  onCancel: () => void;
  onRemoved: () => void;
}

export function RemoveMemberDialog({ member, onCancel, onRemoved }: Props) {
  const [deleteHomes, setDeleteHomes] = useState(false);
  const name = member.name || member.email;
  return (
    <ConfirmDialog
      header={`Remove ${name}?`}
      confirm="Remove"
      failure={`${name} was not removed`}
      testId="remove-confirm"
      onCancel={onCancel}
      onConfirm={async () => {
        await removeMember(member.id, deleteHomes);
        onRemoved();
      }}
    >
      <Box>
        {shutOut(member)} Their sessions are terminated. This cannot be undone. What they did stays in the audit log.
      </Box>
      <Checkbox
        checked={deleteHomes}
        onChange={({ detail }) => setDeleteHomes(detail.checked)}
        description="Otherwise the files of their sessions are kept."
        data-testid="delete-homes"
      >
        Delete the home folders of their sessions too
      </Checkbox>
      {deleteHomes && <Alert type="warning">All files in their home folders will be lost for good.</Alert>}
    </ConfirmDialog>
  );
}
