import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { requestReset } from "@/api/publicAuth";
import { useSubmit } from "@/components/useSubmit";
import { emailProblem } from "@/features/account/emailProblem";
import { BackToSignIn } from "@/features/account/OtherWays";
import { PublicForm } from "@/features/account/PublicForm";
import { SignInFrame } from "@/features/account/SignInFrame";

export default function ForgotPasswordPage() {
  const [email, setEmail] = useState("");
  const [answer, setAnswer] = useState<string | null>(null);
  const { busy, problem, tried, run } = useSubmit();
  const wrong = emailProblem(email);
  return (
    <SignInFrame title="Forgot your password?">
      {answer ? (
        <SpaceBetween size="l">
          <Alert type="success" header="Look into your mail" data-testid="mail-sent">
            {answer}
          </Alert>
          <BackToSignIn />
        </SpaceBetween>
      ) : (
        <PublicForm
          submit="Send me a link"
          busy={busy}
          problem={problem}
          onSubmit={() =>
            void run(async () => {
              setAnswer((await requestReset(email.trim())).message);
            }, Boolean(wrong))
          }
        >
          <Box>Enter your e-mail address. You get a link to choose a new password.</Box>
          <FormField label="E-mail" errorText={(tried ? wrong : undefined) ?? problem?.field("email")}>
            <Input
              value={email}
              type="email"
              autoComplete="username"
              autoFocus
              onChange={({ detail }) => setEmail(detail.value)}
              nativeInputAttributes={{ "data-testid": "forgot-email" }}
            />
          </FormField>
        </PublicForm>
      )}
    </SignInFrame>
  );
}
