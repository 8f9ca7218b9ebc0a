import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { changeController } from "@/api/controllers";
import type { Controller, Group } from "@/api/types";
import { FormDialog } from "@/components/FormDialog";
import { Optional } from "@/components/Optional";
import { useSubmit } from "@/components/useSubmit";
import { GroupPicker } from "@/features/groups/GroupPicker";
import { formOf, isFine, patchOf, problemsOf, type ControllerForm, type Label } from "./edit";

interface Props {
  controller: Controller;
  groups: readonly Group[] | null;
  onCancel: () => void;
  onChanged: (controller: Controller) => void;
}

export function EditControllerDialog({ controller, groups, onCancel, onChanged }: Props) {
  const [form, setForm] = useState<ControllerForm>(() => formOf(controller));
  const { busy, problem, tried, run } = useSubmit();
  const set = (change: Partial<ControllerForm>) => setForm((before) => ({ ...before, ...change }));
  const wrong = problemsOf(form);
  const label = (position: number, change: Partial<Label>) =>
    set({ labels: form.labels.map((each, index) => (index === position ? { ...each, ...change } : each)) });
  const save = async () => {
    const patch = patchOf(controller, form);
    onChanged(patch ? await changeController(controller.id, patch) : controller);
  };
  return (
    <FormDialog
      header={`Change ${controller.name}`}
      submit="Save"
      busy={busy}
      problem={problem && problem.errors.length === 0 ? problem : null}
      failure="The controller was not changed"
      testId="controller-save"
      onCancel={onCancel}
      onSubmit={() => void run(save, !isFine(wrong))}
    >
      <FormField label="Name" errorText={(tried ? wrong.name : undefined) ?? problem?.field("name")}>
        <Input
          value={form.name}
          onChange={({ detail }) => set({ name: detail.value })}
          nativeInputAttributes={{ "data-testid": "controller-name" }}
        />
      </FormField>
      <FormField
        label={<Optional>Session limit</Optional>}
        description="How many sessions it runs at a time. Those beyond it wait or go elsewhere."
        errorText={(tried ? wrong.sessionLimit : undefined) ?? problem?.field("session_limit")}
      >
        <Input
          value={form.sessionLimit}
          type="number"
          inputMode="numeric"
          placeholder="No limit"
          onChange={({ detail }) => set({ sessionLimit: detail.value })}
          nativeInputAttributes={{ "data-testid": "controller-limit", min: 1 }}
        />
      </FormField>
      <GroupPicker
        groups={groups}
        value={form.groupIds}
        placeholder="Everybody's sessions"
        description="With groups, only sessions of their members come to it. Sessions that run here stay."
        errorText={problem?.field("group_ids")}
        onChange={(groupIds) => set({ groupIds })}
      />
      <FormField
        label={<Optional>Labels</Optional>}
        description="Templates may ask for controllers with certain labels. Those that the agent reports stay."
        errorText={problem?.field("labels")}
        stretch
      >
        <AttributeEditor<Label>
          items={form.labels}
          definition={[
            {
              label: "Key",
              control: ({ key }, position) => (
                <Input value={key} ariaLabel="Key" onChange={({ detail }) => label(position, { key: detail.value })} />
              ),
              errorText: (_, position) => (tried ? wrong.labels[position] : undefined),
            },
            {
              label: "Value",
              control: ({ value }, position) => (
                <Input
                  value={value}
                  ariaLabel="Value"
                  onChange={({ detail }) => label(position, { value: detail.value })}
                />
              ),
            },
          ]}
          addButtonText="Add label"
          removeButtonText="Remove"
          removeButtonAriaLabel={({ key }) => `Remove label ${key}`}
          empty="No labels."
          onAddButtonClick={() => set({ labels: [...form.labels, { key: "", value: "" }] })}
          onRemoveButtonClick={({ detail }) =>
            set({ labels: form.labels.filter((_, position) => position !== detail.itemIndex) })
          }
        />
      </FormField>
    </FormDialog>
  );
}
