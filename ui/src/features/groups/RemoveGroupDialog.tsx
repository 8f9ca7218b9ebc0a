import Box from "@cloudscape-design/components/box";
import { removeGroup } from "@/api/groups";
import type { Group } from "@/api/types";
import { ConfirmDialog } from "@/components/ConfirmDialog";

interface Props {
  group: Group;
  onCancel: () => void;
  onRemoved: () => void;
}

export function RemoveGroupDialog({ group, onCancel, onRemoved }: Props) {
  return (
    <ConfirmDialog
      header={`Remove ${group.name}?`}
      confirm="Remove"
      failure="The group was not removed"
      testId="remove-group-confirm"
      onCancel={onCancel}
      onConfirm={async () => {
        await removeGroup(group.id);
        onRemoved();
      }}
    >
      <Box>
        {group.member_count > 0
          ? `${members(group.member_count)} no longer in it; nobody is removed from the organisation. `
          : ""}
        Templates and controllers that are only for this group stay closed to everybody else until you change them.
      </Box>
    </ConfirmDialog>
  );
}

const members = (count: number) => (count === 1 ? "One member is" : `${count} members are`);
