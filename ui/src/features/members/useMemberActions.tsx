import Box from "@cloudscape-design/components/box";
import { useState, type ReactNode } from "react";
import { changeMember } from "@/api/members";
import type { Group, Member } from "@/api/types";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { useFlash } from "@/components/Flash";
import { EditMemberDialog } from "./EditMemberDialog";
import type { MemberAction } from "./MemberMenu";
import { RemoveMemberDialog } from "./RemoveMemberDialog";
import { shutOut } from "./shutOut";

interface Actions {
  act: (action: MemberAction, member: Member) => void;
  dialog: ReactNode;
}

interface Listeners {
  groups: readonly Group[] | null;
  onChanged: (member: Member) => void;
  onRemoved: (member: Member) => void;
}

/** Changing, disabling and removing somebody, with the dialogs that ask first. */
export function useMemberActions({ groups, onChanged, onRemoved }: Listeners): Actions {
  const flash = useFlash();
  const [open, setOpen] = useState<{ action: MemberAction; member: Member } | null>(null);
  const close = () => setOpen(null);
  const title = (member: Member) => member.name || member.email;

  const enable = async (member: Member) => {
    try {
      onChanged(await changeMember(member.id, { disabled: false }));
      flash.success(`${title(member)} is enabled again.`);
    } catch (error) {
      flash.failure(`${title(member)} was not enabled`, error);
    }
  };
  const act = (action: MemberAction, member: Member) => {
    if (action === "enable") void enable(member);
    else setOpen({ action, member });
  };

  let dialog: ReactNode = null;
  if (open?.action === "edit") {
    dialog = (
      <EditMemberDialog
        member={open.member}
        groups={groups}
        onCancel={close}
        onChanged={(member) => {
          onChanged(member);
          flash.success(`${title(member)} was changed.`);
          close();
        }}
      />
    );
  } else if (open?.action === "disable") {
    const { member } = open;
    dialog = (
      <ConfirmDialog
        header={`Disable ${title(member)}?`}
        confirm="Disable"
        failure={`${title(member)} was not disabled`}
        testId="disable-confirm"
        onCancel={close}
        onConfirm={async () => {
          onChanged(await changeMember(member.id, { disabled: true }));
          flash.success(`${title(member)} is disabled.`);
          close();
        }}
      >
        <Box>
          {shutOut(member)} Sessions that run are hibernated. Nothing is deleted, and you can enable them again at any
          time.
        </Box>
      </ConfirmDialog>
    );
  } else if (open?.action === "remove") {
    const { member } = open;
    dialog = (
      <RemoveMemberDialog
        member={member}
        onCancel={close}
        onRemoved={() => {
          onRemoved(member);
          flash.success(`${title(member)} was removed.`);
          close();
        }}
      />
    );
  }
  return { act, dialog };
}
