import Box from "@cloudscape-design/components/box";
import { purgeDeadLetters } from "@/api/controllers";
import type { Controller } from "@/api/types";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { messages } from "./deadLetters";

interface Props {
  controller: Controller;
  count: number;
  onCancel: () => void;
  onPurged: () => void;
}

export function PurgeDialog({ controller, count, onCancel, onPurged }: Props) {
  return (
    <ConfirmDialog
      header={`Purge the dead letters of ${controller.name}?`}
      confirm="Purge"
      failure="The dead letters were not purged"
      testId="purge-confirm"
      onCancel={onCancel}
      onConfirm={async () => {
        await purgeDeadLetters(controller.id);
        onPurged();
      }}
    >
      <Box>
        {messages(count)} will be deleted and cannot be brought back. No session is lost by it: the commands themselves
        are kept elsewhere, and those that are open are sent again or end at their deadline.
      </Box>
    </ConfirmDialog>
  );
}
