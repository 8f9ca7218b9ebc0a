import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import { useState } from "react";
import type { Organisation, OrganisationPatch } from "@/api/organisation";
import { fullTime } from "@/components/time";
import { useSubmit } from "@/components/useSubmit";
import { SectionForm } from "@/components/SectionForm";

interface Props {
  organisation: Organisation;
  canChange: boolean;
  onSave: (patch: OrganisationPatch, done: string) => Promise<void>;
}

const LONGEST = 80;

export function GeneralSettings({ organisation: { name: saved, slug, created_at }, canChange, onSave }: Props) {
  const [name, setName] = useState(saved);
  const { busy, problem, tried, run } = useSubmit();
  const typed = name.trim();
  const wrong = typed === "" ? "Enter a name." : typed.length > LONGEST ? `Use at most ${LONGEST} characters.` : null;
  return (
    <SectionForm
      title="General"
      save={
        canChange
          ? {
              changed: typed !== saved,
              busy,
              problem,
              run: () => void run(() => onSave({ name: typed }, "The name was changed."), wrong !== null),
              testId: "settings-save-general",
            }
          : undefined
      }
    >
      <FormField
        label="Name"
        description="Shown to your people, and in invitations."
        errorText={(tried && wrong) || problem?.field("name")}
      >
        <Input
          value={name}
          readOnly={!canChange}
          onChange={({ detail }) => setName(detail.value)}
          nativeInputAttributes={{ "data-testid": "settings-name" }}
        />
      </FormField>
      <KeyValuePairs
        columns={2}
        minColumnWidth={180}
        items={[
          { label: "Short name, typed at sign-in; it stays", value: <span data-testid="settings-slug">{slug}</span> },
          { label: "Created", value: fullTime(created_at) },
        ]}
      />
    </SectionForm>
  );
}
