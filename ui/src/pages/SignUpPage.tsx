import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { signUp } from "@/api/publicAuth";
import { Loading } from "@/components/Loading";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useSubmit } from "@/components/useSubmit";
import { emailProblem } from "@/features/account/emailProblem";
import { BackToSignIn } from "@/features/account/OtherWays";
import { PublicForm } from "@/features/account/PublicForm";
import { SignInFrame } from "@/features/account/SignInFrame";
import { useAuthOptions } from "@/features/account/useAuthOptions";

export default function SignUpPage() {
  const { data: options, problem, reload } = useAuthOptions();
  return (
    <SignInFrame title="Create an organisation">
      {!options && !problem && <Loading />}
      {!options && <ProblemAlert problem={problem} onRetry={() => void reload()} />}
      {options && (options.sign_up ? <SignUpForm /> : <Closed />)}
    </SignInFrame>
  );
}

function SignUpForm() {
  const [form, setForm] = useState({ organisation: "", name: "", email: "" });
  const [answer, setAnswer] = useState<string | null>(null);
  const { busy, problem, tried, run } = useSubmit();
  const set = (change: Partial<typeof form>) => setForm((before) => ({ ...before, ...change }));
  const wrong = {
    organisation: form.organisation.trim() ? undefined : "Enter the name of your organisation.",
    name: form.name.trim() ? undefined : "Enter your name.",
    email: emailProblem(form.email),
  };
  const error = (field: keyof typeof wrong) => (tried ? wrong[field] : undefined) ?? problem?.field(field);

  if (answer) return <Sent email={form.email.trim()} answer={answer} />;
  return (
    <PublicForm
      submit="Send me a link"
      busy={busy}
      problem={problem}
      onSubmit={() =>
        void run(async () => {
          const { message } = await signUp({
            organisation: form.organisation.trim(),
            name: form.name.trim(),
            email: form.email.trim(),
          });
          setAnswer(message);
        }, Object.values(wrong).some(Boolean))
      }
    >
      <FormField label="Organisation" errorText={error("organisation")}>
        <Input
          value={form.organisation}
          autoComplete="organization"
          autoFocus
          onChange={({ detail }) => set({ organisation: detail.value })}
          nativeInputAttributes={{ "data-testid": "sign-up-organisation" }}
        />
      </FormField>
      <FormField label="Your name" errorText={error("name")}>
        <Input
          value={form.name}
          autoComplete="name"
          onChange={({ detail }) => set({ name: detail.value })}
          nativeInputAttributes={{ "data-testid": "sign-up-name" }}
        />
      </FormField>
      <FormField label="E-mail" errorText={error("email")}>
        <Input
          value={form.email}
          type="email"
          autoComplete="email"
          onChange={({ detail }) => set({ email: detail.value })}
          nativeInputAttributes={{ "data-testid": "sign-up-email" }}
        />
      </FormField>
      <Box fontSize="body-s" color="text-body-secondary">
        You become the owner of a new organisation. To join one that exists, ask its administrator to invite you.
      </Box>
    </PublicForm>
  );
}

function Sent({ email, answer }: { email: string; answer: string }) {
  return (
    <SpaceBetween size="l">
      <Alert type="success" header="Look into your mail" data-testid="mail-sent">
        {answer}
      </Alert>
      <Box color="text-body-secondary">
        It goes to {email}. Nothing there after a few minutes? Look into the spam folder, or check the address and try
        again.
      </Box>
      <BackToSignIn />
    </SpaceBetween>
  );
}

function Closed() {
  return (
    <SpaceBetween size="l">
      <Alert header="Sign-up is closed here" data-testid="sign-up-closed">
        New people come in by invitation. Ask an administrator of your organisation for one.
      </Alert>
      <BackToSignIn />
    </SpaceBetween>
  );
}
