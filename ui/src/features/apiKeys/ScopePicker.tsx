import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Subject } from "@/features/roles/roles";
import styles from "./apiKeys.module.css";
import { everyScope, launching, readOnly, withSubject } from "./scopes";

interface Props {
  subjects: readonly Subject[];
  value: readonly string[];
  onChange: (scopes: string[]) => void;
  errorText: string | undefined;
}

/** What the key may do, by subject. */
export function ScopePicker({ subjects, value, onChange, errorText }: Props) {
  const presets = [
    { id: "launch", text: "Launch sessions", scopes: launching(subjects) },
    { id: "read", text: "Read only", scopes: readOnly(subjects) },
    { id: "all", text: "Everything", scopes: everyScope(subjects) },
    { id: "none", text: "Nothing", scopes: [] },
  ];
  return (
    <SpaceBetween size="s">
      <FormField
        label="Scopes"
        description="What the key may do: never more than its owner's role. Give it as little as it needs."
        errorText={errorText}
        stretch
      >
        <SpaceBetween direction="horizontal" size="xs">
          {presets.map(({ id, text, scopes }) => (
            <Button key={id} formAction="none" onClick={() => onChange([...scopes])} data-testid={`scopes-${id}`}>
              {text}
            </Button>
          ))}
        </SpaceBetween>
      </FormField>
      <div className={styles.subjects}>
        {subjects.map((subject) => (
          <ScopeGroup key={subject.id} subject={subject} value={value} onChange={onChange} />
        ))}
      </div>
    </SpaceBetween>
  );
}

function ScopeGroup({ subject, value, onChange }: Omit<Props, "subjects" | "errorText"> & { subject: Subject }) {
  const chosen = subject.permissions.filter(({ name }) => value.includes(name)).length;
  const all = chosen === subject.permissions.length;
  return (
    <div role="group" aria-label={subject.title}>
      <Checkbox
        checked={all}
        indeterminate={chosen > 0 && !all}
        onChange={() => onChange(withSubject(value, subject, !all))}
      >
        <Box variant="strong">{subject.title}</Box>
      </Checkbox>
      <div className={styles.scopes}>
        {subject.permissions.map(({ name, description }) => (
          <Checkbox
            key={name}
            checked={value.includes(name)}
            description={<code>{name}</code>}
            onChange={({ detail }) =>
              onChange(detail.checked ? [...value, name] : value.filter((each) => each !== name))
            }
            data-testid={`scope-${name}`}
          >
            {description}
          </Checkbox>
        ))}
      </div>
    </div>
  );
}
