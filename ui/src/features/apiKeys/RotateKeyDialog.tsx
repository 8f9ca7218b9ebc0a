import Box from "@cloudscape-design/components/box";
import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import { useState } from "react";
import { rotateApiKey } from "@/api/apiKeys";
import type { ApiKey, NewApiKey } from "@/api/types";
import { FormDialog } from "@/components/FormDialog";
import { useSubmit } from "@/components/useSubmit";

interface Props {
  apiKey: ApiKey;
  onCancel: () => void;
  onRotated: (key: NewApiKey, overlapUntil: string | null) => void;
}

const HOUR_MS = 3_600_000;
const OVERLAPS = [
  { value: "0", label: "Stop it at once" },
  { value: "1", label: "1 hour" },
  { value: "24", label: "1 day" },
  { value: "72", label: "3 days" },
  { value: "168", label: "7 days" },
];
const USUAL = "24";

export function RotateKeyDialog({ apiKey, onCancel, onRotated }: Props) {
  const [hours, setHours] = useState(USUAL);
  const { busy, problem, run } = useSubmit();
  const rotate = async () => {
    const made = await rotateApiKey(apiKey.id, Number(hours));
    const until = Math.min(Date.now() + Number(hours) * HOUR_MS, Date.parse(apiKey.expires_at));
    onRotated(made, hours === "0" ? null : new Date(until).toISOString());
  };
  return (
    <FormDialog
      header={`Rotate ${apiKey.name}?`}
      submit="Rotate"
      busy={busy}
      problem={problem}
      failure="The key was not rotated"
      testId="rotate-confirm"
      onCancel={onCancel}
      onSubmit={() => void run(rotate)}
    >
      <Box>You get a new key with the same name and scopes. Replace the old one wherever it is used.</Box>
      <FormField label="The old key keeps working for" errorText={problem?.field("overlap_hours")}>
        <Select
          selectedOption={OVERLAPS.find(({ value }) => value === hours) ?? null}
          options={OVERLAPS}
          expandToViewport
          onChange={({ detail }) => setHours(detail.selectedOption.value ?? USUAL)}
          data-testid="rotate-overlap"
        />
      </FormField>
    </FormDialog>
  );
}
