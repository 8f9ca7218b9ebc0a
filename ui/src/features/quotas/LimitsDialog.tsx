import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import FormField from "@cloudscape-design/components/form-field";
import Grid from "@cloudscape-design/components/grid";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { useState } from "react";
import { setQuota, type Limits, type Quota, type Subject } from "@/api/quotas";
import { FormDialog } from "@/components/FormDialog";
import { useSubmit } from "@/components/useSubmit";
import { belowUse, errorsOf, formOf, limitsOf, type Choice, type LimitsForm } from "./limitsForm";
import styles from "./quotas.module.css";
import { RESOURCES, type Resource } from "./resources";

interface Props {
  title: string;
  /** What these limits are for, and what saving them changes. */
  text: string;
  subject: Subject;
  quota: Quota;
  /** The default counts nobody's use. */
  counts: boolean;
  onClose: () => void;
  onSaved: (limits: Limits) => void;
}

const CHOICES: readonly { value: Choice; label: string; description: string }[] = [
  { value: "unlimited", label: "No limit", description: "As much as there is" },
  { value: "limited", label: "At most…", description: "An amount of your choice" },
  { value: "zero", label: "None", description: "A limit of zero" },
];

export function LimitsDialog({ title, text, subject, quota, counts, onClose, onSaved }: Props) {
  const [form, setForm] = useState(() => formOf(quota.limits));
  const { busy, problem, tried, run } = useSubmit();
  const wrong = errorsOf(form);
  const below = counts ? belowUse(form, quota) : [];
  const save = () =>
    run(
      async () => {
        const limits = limitsOf(form);
        await setQuota(subject, limits);
        onSaved(limits);
      },
      Object.keys(wrong).length > 0,
    );
  return (
    <FormDialog
      size="large"
      header={title}
      submit="Save limits"
      busy={busy}
      problem={problem}
      failure="The limits were not saved"
      testId="limits-save"
      onCancel={onClose}
      onSubmit={() => void save()}
    >
      <Box>{text}</Box>
      {RESOURCES.map((resource) => (
        <LimitField
          key={resource.id}
          resource={resource}
          value={form[resource.id]}
          errorText={(tried ? wrong[resource.id] : undefined) ?? problem?.field(`limits.${resource.id}`)}
          onChange={(change) =>
            setForm((before) => ({ ...before, [resource.id]: { ...before[resource.id], ...change } }))
          }
        />
      ))}
      {below.length > 0 && (
        <Alert type="warning" header="More than that is in use already" data-testid="limits-below">
          {below.join(", ")}. Nothing is ended, but nothing new starts until there is less.
        </Alert>
      )}
    </FormDialog>
  );
}

interface FieldProps {
  resource: Resource;
  value: LimitsForm[Resource["id"]];
  errorText: string | undefined;
  onChange: (change: Partial<LimitsForm[Resource["id"]]>) => void;
}

function LimitField({ resource, value: { choice, text }, errorText, onChange }: FieldProps) {
  const { id, label, example, amount, show, problem, zero, note } = resource;
  const typed = text.trim();
  const reads = typed && !problem(typed) ? show(amount(typed)) : null;
  return (
    <Grid gridDefinition={[{ colspan: { default: 12, xs: 5 } }, { colspan: { default: 12, xs: 7 } }]}>
      <FormField label={label} constraintText={note}>
        <Select
          selectedOption={CHOICES.find(({ value }) => value === choice) ?? null}
          options={CHOICES}
          onChange={({ detail }) => onChange({ choice: detail.selectedOption.value as Choice })}
          ariaLabel={`${label}: kind of limit`}
          expandToViewport
          data-testid={`limit-choice-${id}`}
        />
      </FormField>
      {choice === "limited" ? (
        <FormField
          label="At most"
          constraintText={reads && reads !== typed ? `That is ${reads}.` : `For example ${example}.`}
          errorText={errorText}
        >
          <Input
            value={text}
            autoComplete={false}
            spellcheck={false}
            ariaLabel={`${label}: at most`}
            onChange={({ detail }) => onChange({ text: detail.value })}
            nativeInputAttributes={{ "data-testid": `limit-${id}` }}
          />
        </FormField>
      ) : (
        <div className={styles.meaning} data-testid={`limit-means-${id}`}>
          <Box color="text-body-secondary">{choice === "zero" ? zero : "Not limited here."}</Box>
        </div>
      )}
    </Grid>
  );
}
