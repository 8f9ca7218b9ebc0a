import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useAuthOptions } from "./useAuthOptions";

interface Props {
  label?: string;
  value: string;
  onChange: (value: string) => void;
  errorText: string | undefined;
  testId: string;
  /** The organisation's own rule, where it is known. */
  minLength?: number;
}

/** A password that somebody makes up. One field that can be shown beats typing it twice unseen. */
export function NewPasswordField({ label = "Password", value, onChange, errorText, testId, minLength }: Props) {
  const [shown, setShown] = useState(false);
  const { data: options } = useAuthOptions();
  const least = minLength ?? options?.password_min_length;
  return (
    <SpaceBetween size="xs">
      <FormField
        label={label}
        constraintText={`${least ? `At least ${least} characters. ` : ""}Length counts: a few random words are good.`}
        errorText={errorText}
      >
        <Input
          value={value}
          type={shown ? "text" : "password"}
          name="new-password"
          autoComplete="new-password"
          spellcheck={false}
          onChange={({ detail }) => onChange(detail.value)}
          nativeInputAttributes={{ "data-testid": testId }}
        />
      </FormField>
      <Checkbox checked={shown} onChange={({ detail }) => setShown(detail.checked)}>
        Show password
      </Checkbox>
    </SpaceBetween>
  );
}
