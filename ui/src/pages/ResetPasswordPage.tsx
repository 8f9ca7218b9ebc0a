import Box from "@cloudscape-design/components/box";
import { useState } from "react";
import { Navigate } from "react-router";
import { confirmReset } from "@/api/publicAuth";
import { RouterLink } from "@/components/RouterLink";
import { useSubmit } from "@/components/useSubmit";
import { BadLink } from "@/features/account/BadLink";
import { linkTrouble } from "@/features/account/linkProblem";
import { forgetLinkToken, useLinkToken } from "@/features/account/linkToken";
import { NewPasswordField } from "@/features/account/NewPasswordField";
import { PublicForm } from "@/features/account/PublicForm";
import { SignInFrame } from "@/features/account/SignInFrame";

const CHANGED = "Your password was changed. Sign in with the new one.";

export default function ResetPasswordPage() {
  const token = useLinkToken("/reset-password");
  const [done, setDone] = useState(false);
  const [password, setPassword] = useState("");
  const { busy, problem, tried, run } = useSubmit();
  const trouble = linkTrouble(problem);
  const wrong = password ? undefined : "Choose a password.";

  if (done) return <Navigate to="/sign-in" replace state={{ note: CHANGED }} />;
  return (
    <SignInFrame title="Choose a new password">
      {token === null || trouble ? (
        <BadLink {...(trouble ? { trouble } : {})}>
          <RouterLink href="/forgot-password">Get another link</RouterLink>
        </BadLink>
      ) : (
        <PublicForm
          submit="Change password"
          busy={busy}
          problem={problem?.field("new_password") === undefined ? problem : null}
          onSubmit={() =>
            void run(async () => {
              await confirmReset(token, password);
              setDone(true);
              forgetLinkToken();
            }, Boolean(wrong))
          }
        >
          <Box>You are signed out everywhere once it is changed.</Box>
          <NewPasswordField
            label="New password"
            value={password}
            onChange={setPassword}
            errorText={(tried ? wrong : undefined) ?? problem?.field("new_password")}
            testId="new-password"
          />
        </PublicForm>
      )}
    </SignInFrame>
  );
}
