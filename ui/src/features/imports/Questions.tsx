import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import { answered, questions } from "./asking";

interface Choice {
  value: string;
  label: string;
  description?: string;
}

interface Props {
  what: string;
  help: string;
  none: Choice;
  unknown: readonly string[];
  answers: Readonly<Record<string, string>>;
  choices: readonly Choice[];
  testId: string;
  onChange: (answers: Record<string, string>) => void;
}

/** One question for each name that the manifests use and nobody here knows. */
export function Questions({ what, help, none, unknown, answers, choices, testId, onChange }: Props) {
  const options = [none, ...choices];
  return questions(unknown, answers).map(({ name, answer }, index) => (
    <FormField key={name} label={`${what} ${name}`} description={index === 0 ? help : undefined}>
      <Select
        selectedOption={options.find(({ value }) => value === answer) ?? none}
        options={options}
        filteringType="auto"
        data-testid={`${testId}-${index}`}
        onChange={({ detail }) => {
          const value = detail.selectedOption.value ?? none.value;
          onChange(answered(answers, name, value === none.value ? null : value));
        }}
      />
    </FormField>
  ));
}
