import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { changePassword } from "@/api/account";
import { getOrganisation } from "@/api/organisation";
import { useFlash } from "@/components/Flash";
import { SectionForm } from "@/components/SectionForm";
import { useRead } from "@/components/useRead";
import { useSubmit } from "@/components/useSubmit";
import { useCan } from "./AccountProvider";
import { NewPasswordField } from "./NewPasswordField";

export function PasswordForm({ onChanged }: { onChanged: () => void }) {
  const flash = useFlash();
  const canReadSettings = useCan("tenant:read");
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const { busy, problem, tried, run } = useSubmit();
  const save = () =>
    run(
      async () => {
        await changePassword(current, next);
        setCurrent("");
        setNext("");
        flash.success("Your password was changed. Other sign-ins were ended.");
        onChanged();
      },
      current === "" || next === "",
    );
  const { data: organisation } = useRead(getOrganisation, canReadSettings ? "" : null);
  const least = organisation?.settings?.password_min_length;
  const missing = tried && (current !== "" || next !== "");
  return (
    <SectionForm
      title="Password"
      description="A new password ends every other sign-in of yours."
      save={{
        changed: current !== "" || next !== "",
        busy,
        problem,
        run: () => void save(),
        testId: "account-save-password",
      }}
    >
      <FormField
        label="Current password"
        errorText={missing && current === "" ? "Enter your current password." : problem?.field("current_password")}
      >
        <Input
          value={current}
          type="password"
          autoComplete="current-password"
          onChange={({ detail }) => setCurrent(detail.value)}
          nativeInputAttributes={{ "data-testid": "account-current-password" }}
        />
      </FormField>
      <NewPasswordField
        label="New password"
        value={next}
        onChange={setNext}
        errorText={missing && next === "" ? "Enter a new password." : problem?.field("new_password")}
        testId="account-new-password"
        {...(least === undefined ? {} : { minLength: least })}
      />
    </SectionForm>
  );
}
