import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { createServiceAccount } from "@/api/members";
import type { Group, Member, Role } from "@/api/types";
import { FormDialog } from "@/components/FormDialog";
import { useSubmit } from "@/components/useSubmit";
import { GroupPicker } from "@/features/groups/GroupPicker";
import { RoleSelect } from "@/features/roles/RoleSelect";

interface Props {
  groups: readonly Group[] | null;
  onCancel: () => void;
  onCreated: (account: Member) => void;
}

export function ServiceAccountDialog({ groups, onCancel, onCreated }: Props) {
  const [form, setForm] = useState({ name: "", role: "member" as Role, groupIds: [] as string[] });
  const { busy, problem, tried, run } = useSubmit();
  const set = (change: Partial<typeof form>) => setForm((before) => ({ ...before, ...change }));
  const wrong = form.name.trim() ? undefined : "Enter a name.";
  const create = async () => {
    onCreated(
      await createServiceAccount({
        name: form.name.trim(),
        role: form.role,
        ...(form.groupIds.length > 0 && { group_ids: form.groupIds }),
      }),
    );
  };
  return (
    <FormDialog
      header="Create a service account"
      submit="Create account"
      busy={busy}
      problem={problem && problem.errors.length === 0 ? problem : null}
      failure="The service account was not created"
      testId="account-create"
      onCancel={onCancel}
      onSubmit={() => void run(create, wrong !== undefined)}
    >
      <FormField
        label="Name"
        description="A program, not a person. It has API keys and no password, and stays when people leave."
        errorText={(tried ? wrong : undefined) ?? problem?.field("name")}
      >
        <Input
          value={form.name}
          autoFocus
          placeholder="Build server"
          onChange={({ detail }) => set({ name: detail.value })}
          nativeInputAttributes={{ "data-testid": "account-name" }}
        />
      </FormField>
      <RoleSelect
        value={form.role}
        owner={false}
        errorText={problem?.field("role")}
        onChange={(role) => set({ role })}
      />
      {groups !== null && groups.length > 0 && (
        <GroupPicker
          groups={groups}
          value={form.groupIds}
          errorText={problem?.field("group_ids")}
          onChange={(groupIds) => set({ groupIds })}
        />
      )}
    </FormDialog>
  );
}
