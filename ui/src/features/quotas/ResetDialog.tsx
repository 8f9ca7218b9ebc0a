import Box from "@cloudscape-design/components/box";
import { resetQuota } from "@/api/quotas";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import type { SubjectRow } from "./subjects";

interface Props {
  row: SubjectRow;
  onClose: () => void;
  onReset: () => void;
}

export function ResetDialog({ row: { name, subject }, onClose, onReset }: Props) {
  const group = subject.scope === "group";
  return (
    <ConfirmDialog
      header={group ? `Remove the limits of ${name}?` : `Reset ${name} to the default?`}
      confirm={group ? "Remove limits" : "Reset"}
      failure="Nothing was changed"
      testId="quota-reset-confirm"
      onCancel={onClose}
      onConfirm={async () => {
        await resetQuota(subject);
        onReset();
      }}
    >
      <Box>
        {group
          ? "The group has no limits of its own then. Those of the organisation and of each member still hold."
          : "Their own limits go, and the default limits hold for them, now and whenever the default changes."}
      </Box>
    </ConfirmDialog>
  );
}
