import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { acceptInvitation } from "@/api/publicAuth";
import type { Problem } from "@/api/problem";
import type { OpenInvitation } from "@/api/types";
import { roleName } from "@/components/roleName";
import { fullTime } from "@/components/time";
import { useSubmit } from "@/components/useSubmit";
import { useAccount } from "./AccountProvider";
import { NewPasswordField } from "./NewPasswordField";
import { PublicForm } from "./PublicForm";

interface Props {
  token: string;
  invitation: OpenInvitation;
  onAccepted: () => void;
  /** The link stopped working while the form was open. */
  onTrouble: (problem: Problem) => void;
}

export function AcceptInvitation({ token, invitation, onAccepted, onTrouble }: Props) {
  const { account, enter } = useAccount();
  const [name, setName] = useState(invitation.name);
  const [password, setPassword] = useState("");
  const { busy, problem, tried, run } = useSubmit(onTrouble);
  const wrong = {
    name: name.trim() ? undefined : "Enter your name.",
    password: password ? undefined : "Choose a password.",
  };
  const error = (field: keyof typeof wrong) => (tried ? wrong[field] : undefined) ?? problem?.field(field);
  const { organisation, role, invited_by, email, expires_at } = invitation;

  return (
    <PublicForm
      submit={`Join ${organisation}`}
      busy={busy}
      problem={problem && problem.errors.length === 0 ? problem : null}
      back={false}
      onSubmit={() =>
        void run(async () => {
          await enter(() => acceptInvitation(token, name.trim(), password));
          onAccepted();
        }, Object.values(wrong).some(Boolean))
      }
    >
      <Box data-testid="invitation">
        {invited_by || "An administrator"} invites you to <b>{organisation}</b> as <b>{roleName(role)}</b>.{" "}
        <Box variant="span" color="text-body-secondary">
          Valid until {fullTime(expires_at)}.
        </Box>
      </Box>
      {account.status === "signed-in" && (
        <Alert type="info">
          You are signed in to {account.me.tenant.name} as {account.me.user.email}. Joining signs you in to{" "}
          {organisation} instead.
        </Alert>
      )}
      <FormField label="E-mail">
        <Input value={email} type="email" autoComplete="username" readOnly ariaLabel="E-mail" />
      </FormField>
      <FormField label="Your name" errorText={error("name")}>
        <Input
          value={name}
          autoComplete="name"
          autoFocus
          onChange={({ detail }) => setName(detail.value)}
          nativeInputAttributes={{ "data-testid": "invitation-name" }}
        />
      </FormField>
      <NewPasswordField
        value={password}
        onChange={setPassword}
        errorText={error("password")}
        testId="new-password"
        minLength={invitation.password_min_length}
      />
    </PublicForm>
  );
}
