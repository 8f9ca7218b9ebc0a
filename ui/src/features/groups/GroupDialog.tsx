import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { changeGroup, createGroup } from "@/api/groups";
import type { Group } from "@/api/types";
import { FormDialog } from "@/components/FormDialog";
import { Optional } from "@/components/Optional";
import { useSubmit } from "@/components/useSubmit";

interface Props {
  /** Null for a new one. */
  group: Group | null;
  onCancel: () => void;
  onSaved: (group: Group) => void;
}

export function GroupDialog({ group, onCancel, onSaved }: Props) {
  const [form, setForm] = useState({ name: group?.name ?? "", description: group?.description ?? "" });
  const { busy, problem, tried, run } = useSubmit();
  const set = (change: Partial<typeof form>) => setForm((before) => ({ ...before, ...change }));
  const wrong = form.name.trim() ? undefined : "Enter a name.";
  const save = async () => {
    const body = { name: form.name.trim(), description: form.description.trim() };
    onSaved(group ? await changeGroup(group.id, body) : await createGroup(body));
  };
  return (
    <FormDialog
      header={group ? `Change ${group.name}` : "Create a group"}
      submit={group ? "Save" : "Create group"}
      busy={busy}
      problem={problem && problem.errors.length === 0 ? problem : null}
      failure={group ? "The group was not changed" : "The group was not created"}
      testId="group-save"
      onCancel={onCancel}
      onSubmit={() => void run(save, wrong !== undefined)}
    >
      <FormField label="Name" errorText={(tried ? wrong : undefined) ?? problem?.field("name")}>
        <Input
          value={form.name}
          autoFocus
          placeholder="Design"
          onChange={({ detail }) => set({ name: detail.value })}
          nativeInputAttributes={{ "data-testid": "group-name" }}
        />
      </FormField>
      <FormField label={<Optional>Description</Optional>} errorText={problem?.field("description")}>
        <Textarea
          value={form.description}
          rows={2}
          onChange={({ detail }) => set({ description: detail.value })}
          ariaLabel="Description"
        />
      </FormField>
    </FormDialog>
  );
}
