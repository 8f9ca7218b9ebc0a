import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tiles from "@cloudscape-design/components/tiles";
import type { Problem } from "@/api/problem";
import type { Controller } from "@/api/types";
import { Optional } from "@/components/Optional";
import { formFor, type EnrolmentForm, type FormProblems } from "./enrolment";
import { PLATFORMS, platformOf } from "./platforms";

interface Props {
  form: EnrolmentForm;
  existing: Controller | null;
  wrong: FormProblems;
  problem: Problem | null;
  onChange: (change: Partial<EnrolmentForm>) => void;
}

/** What is to be added, and what that needs. */
export function EnrolmentFields({ form, existing, wrong, problem, onChange }: Props) {
  const { platform } = form;
  return (
    <SpaceBetween size="l">
      {existing ? (
        <Box>
          Several agents may serve one controller: they share its work, and one can fail or be replaced. You get one
          command that adds one. {platform.joining}
        </Box>
      ) : (
        <FormField label="Where will sessions run?" stretch>
          <div data-testid="add-controller-platform">
            <Tiles
              value={platform.id}
              columns={2}
              ariaLabel="Where will sessions run?"
              items={PLATFORMS.map(({ id, place, summary }) => ({
                value: id,
                label: place,
                description: summary,
                "data-testid": `platform-${id}`,
              }))}
              onChange={({ detail }) => onChange(formFor(platformOf(detail.value), false, form.name))}
            />
          </div>
        </FormField>
      )}
      {!existing && (
        <FormField label={<Optional>Name</Optional>} errorText={problem?.field("name")}>
          <Input
            value={form.name}
            placeholder={platform.nameHint}
            onChange={({ detail }) => onChange({ name: detail.value })}
            nativeInputAttributes={{ "data-testid": "add-controller-name" }}
          />
        </FormField>
      )}
      {platform.several && <Agents form={form} existing={existing} problem={problem} onChange={onChange} />}
      {form.capacity && <Capacity form={form} wrong={wrong} onChange={onChange} />}
      {platform.needs.length > 0 && !existing && (
        <div data-testid="add-controller-needs">
          <Box variant="awsui-key-label">What it needs</Box>
          <Box variant="small" color="text-body-secondary">
            <ul style={{ margin: 0, paddingInlineStart: "20px" }}>
              {platform.needs.map((need) => (
                <li key={need}>{need}</li>
              ))}
            </ul>
          </Box>
        </div>
      )}
    </SpaceBetween>
  );
}

function Agents({ form, existing, problem, onChange }: Omit<Props, "wrong">) {
  const { several } = form.platform;
  const options = Array.from({ length: several?.most ?? 1 }, (_, index) => ({ value: String(index + 1) }));
  return (
    <FormField
      label={existing ? "Agents to add" : "Agents"}
      description={several?.why}
      errorText={problem?.field("agents")}
    >
      <Select
        selectedOption={options.find(({ value }) => value === String(form.agents)) ?? null}
        options={options}
        onChange={({ detail }) => onChange({ agents: Number(detail.selectedOption.value) })}
        data-testid="add-controller-agents"
      />
    </FormField>
  );
}

function Capacity({ form, wrong, onChange }: Pick<Props, "form" | "wrong" | "onChange">) {
  const { capacity, platform } = form;
  return (
    <SpaceBetween size="s">
      <FormField label="How much may sessions use?" stretch>
        <RadioGroup
          value={capacity?.id ?? null}
          items={platform.capacity.map(({ id, label, description }) => ({ value: id, label, description }))}
          onChange={({ detail }) => onChange({ capacity: platform.capacity.find(({ id }) => id === detail.value) ?? null })}
          data-testid="add-controller-capacity"
        />
      </FormField>
      {capacity?.fixed && (
        <ColumnLayout columns={2}>
          <FormField label="CPU (cores)" errorText={wrong.cores}>
            <Input
              value={form.cores}
              type="number"
              inputMode="numeric"
              onChange={({ detail }) => onChange({ cores: detail.value })}
              nativeInputAttributes={{ "data-testid": "add-controller-cores" }}
            />
          </FormField>
          <FormField label="Memory (GiB)" errorText={wrong.gigabytes}>
            <Input
              value={form.gigabytes}
              type="number"
              inputMode="numeric"
              onChange={({ detail }) => onChange({ gigabytes: detail.value })}
              nativeInputAttributes={{ "data-testid": "add-controller-gigabytes" }}
            />
          </FormField>
        </ColumnLayout>
      )}
    </SpaceBetween>
  );
}
