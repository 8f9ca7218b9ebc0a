import Alert from "@cloudscape-design/components/alert";
import FormField from "@cloudscape-design/components/form-field";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import type { OrganisationPatch, TenantSettings } from "@/api/organisation";
import { useSubmit } from "@/components/useSubmit";
import { imagesProblem, lines } from "./settingsForm";
import { SectionForm } from "@/components/SectionForm";

interface Props {
  settings: TenantSettings;
  canChange: boolean;
  onSave: (patch: OrganisationPatch, done: string) => Promise<void>;
}

export function ImageSettings({ settings: { allowed_images }, canChange, onSave }: Props) {
  const saved = allowed_images.join("\n");
  const [text, setText] = useState(saved);
  const { busy, problem, tried, run } = useSubmit();
  const patterns = lines(text);
  const wrong = imagesProblem(patterns);
  return (
    <SectionForm
      title="Allowed images"
      description="Sessions run only images that one of these patterns matches, whatever a template names."
      save={
        canChange
          ? {
              changed: text !== saved,
              busy,
              problem,
              run: () =>
                void run(
                  () => onSave({ settings: { allowed_images: patterns } }, "The allowed images were changed."),
                  wrong !== null,
                ),
              testId: "settings-save-images",
            }
          : undefined
      }
    >
      <FormField
        label="Patterns"
        description="One a line; * stands for anything."
        constraintText="For example streamspace/* or ghcr.io/acme/desktop:*"
        errorText={(tried && wrong) || problem?.field("settings.allowed_images")}
      >
        <Textarea
          value={text}
          rows={4}
          readOnly={!canChange}
          spellcheck={false}
          onChange={({ detail }) => setText(detail.value)}
          nativeTextareaAttributes={{ "data-testid": "settings-images" }}
        />
      </FormField>
      {patterns.length === 0 && (
        <Alert type="warning" header="No image would be allowed">
          No new session can start while this list is empty.
        </Alert>
      )}
    </SectionForm>
  );
}
