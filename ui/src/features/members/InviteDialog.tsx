import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { invite } from "@/api/members";
import type { Group, Invitation, Role } from "@/api/types";
import { FormDialog } from "@/components/FormDialog";
import { Optional } from "@/components/Optional";
import { useSubmit } from "@/components/useSubmit";
import { emailProblem } from "@/features/account/emailProblem";
import { GroupPicker } from "@/features/groups/GroupPicker";
import { RoleSelect } from "@/features/roles/RoleSelect";

interface Props {
  groups: readonly Group[] | null;
  onCancel: () => void;
  onInvited: (invitation: Invitation) => void;
}

/** Refusals that have to do with who is invited. */
const ABOUT_THE_ADDRESS: readonly string[] = ["email_taken", "already_invited"];

export function InviteDialog({ groups, onCancel, onInvited }: Props) {
  const [form, setForm] = useState({ email: "", name: "", role: "member" as Role, groupIds: [] as string[] });
  const { busy, problem, tried, run } = useSubmit();
  const set = (change: Partial<typeof form>) => setForm((before) => ({ ...before, ...change }));
  const wrong = emailProblem(form.email);
  const taken = problem && ABOUT_THE_ADDRESS.includes(problem.code) ? problem.message : undefined;
  const send = async () => {
    onInvited(
      await invite({
        email: form.email.trim(),
        role: form.role,
        ...(form.name.trim() && { name: form.name.trim() }),
        ...(form.groupIds.length > 0 && { group_ids: form.groupIds }),
      }),
    );
  };
  return (
    <FormDialog
      header="Invite somebody"
      submit="Invite"
      busy={busy}
      problem={problem && problem.errors.length === 0 && !taken ? problem : null}
      failure="The invitation was not created"
      testId="invite-submit"
      onCancel={onCancel}
      onSubmit={() => void run(send, wrong !== undefined)}
    >
      <FormField label="E-mail" errorText={(tried ? wrong : undefined) ?? taken ?? problem?.field("email")}>
        <Input
          value={form.email}
          type="email"
          autoFocus
          autoComplete="off"
          onChange={({ detail }) => set({ email: detail.value })}
          nativeInputAttributes={{ "data-testid": "invite-email" }}
        />
      </FormField>
      <FormField label={<Optional>Name</Optional>} errorText={problem?.field("name")}>
        <Input
          value={form.name}
          autoComplete="off"
          onChange={({ detail }) => set({ name: detail.value })}
          nativeInputAttributes={{ "data-testid": "invite-name" }}
        />
      </FormField>
      <RoleSelect value={form.role} errorText={problem?.field("role")} onChange={(role) => set({ role })} />
      {groups !== null && groups.length > 0 && (
        <GroupPicker
          groups={groups}
          value={form.groupIds}
          errorText={problem?.field("group_ids")}
          description="Groups open templates and controllers that are not for everybody."
          onChange={(groupIds) => set({ groupIds })}
        />
      )}
    </FormDialog>
  );
}
