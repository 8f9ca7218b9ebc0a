import Alert from "@cloudscape-design/components/alert";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { useState } from "react";
import { addToGroup, removeFromGroup } from "@/api/groups";
import { changeMember, getMember } from "@/api/members";
import type { Group, Member } from "@/api/types";
import { FormDialog } from "@/components/FormDialog";
import { useSubmit } from "@/components/useSubmit";
import { useMe } from "@/features/account/AccountProvider";
import { GroupPicker } from "@/features/groups/GroupPicker";
import { groupNames } from "@/features/groups/useGroups";
import { RoleChange } from "@/features/roles/RoleChange";
import { RoleSelect } from "@/features/roles/RoleSelect";
import { chargedGroup, formOf, limitsOn, movesOf, patchOf, type MemberForm } from "./changes";

interface Props {
  member: Member;
  groups: readonly Group[] | null;
  onCancel: () => void;
  onChanged: (member: Member) => void;
}

const NOBODY = { value: "", label: "None" };

export function EditMemberDialog({ member, groups, onCancel, onChanged }: Props) {
  const me = useMe();
  const [form, setForm] = useState<MemberForm>(() => formOf(member));
  const { busy, problem, tried, run } = useSubmit();
  const set = (change: Partial<MemberForm>) => setForm((before) => ({ ...before, ...change }));
  const moves = movesOf(member, form);
  const charged = chargedGroup(member, form);
  const mayGroup = me.permissions.includes("groups:write");
  const nameError = tried && !form.name.trim() ? "Enter a name." : problem?.field("name");
  const chargeable = [NOBODY, ...form.groupIds.map((id) => ({ value: id, label: groupNames([id], groups)[0] ?? id }))];

  const save = async () => {
    for (const id of moves.leave) await removeFromGroup(id, member.id);
    for (const id of moves.join) await addToGroup(id, member.id);
    const moved = moves.leave.length + moves.join.length > 0;
    const current = moved ? await getMember(member.id) : member;
    const patch = patchOf(current, form, charged);
    onChanged(patch ? await changeMember(member.id, patch) : current);
  };

  return (
    <FormDialog
      header={`Change ${member.name || member.email}`}
      submit="Save"
      busy={busy}
      problem={problem && problem.errors.length === 0 ? problem : null}
      failure="Not everything was saved"
      testId="member-save"
      onCancel={onCancel}
      onSubmit={() => void run(save, !form.name.trim())}
    >
      <FormField label="Name" errorText={nameError}>
        <Input
          value={form.name}
          onChange={({ detail }) => set({ name: detail.value })}
          nativeInputAttributes={{ "data-testid": "member-name" }}
        />
      </FormField>
      <RoleSelect
        value={form.role}
        owner={member.kind === "person"}
        fixed={limitsOn(member, me).role}
        errorText={problem?.field("role")}
        onChange={(role) => set({ role })}
      />
      <RoleChange from={member.role} to={form.role} />
      {mayGroup && (
        <GroupPicker
          groups={groups}
          value={form.groupIds}
          errorText={problem?.field("group_ids")}
          description="Groups open templates and controllers that are not for everybody."
          onChange={(groupIds) => set({ groupIds })}
        />
      )}
      {form.groupIds.length > 0 && (
        <FormField
          label="Charged group"
          description="The group whose limits their sessions count towards, besides their own."
          errorText={problem?.field("charged_group_id")}
        >
          <Select
            selectedOption={chargeable.find(({ value }) => value === charged) ?? NOBODY}
            options={chargeable}
            expandToViewport
            onChange={({ detail }) => set({ charged: detail.selectedOption.value ?? "" })}
            data-testid="charged-group"
          />
        </FormField>
      )}
      {moves.leave.length > 0 && (
        <Alert type="warning">
          From their next request on they no longer see what only {groupNames(moves.leave, groups).join(", ")} opens.
          Sessions that run keep running.
        </Alert>
      )}
    </FormDialog>
  );
}
