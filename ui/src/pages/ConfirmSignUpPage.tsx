import Box from "@cloudscape-design/components/box";
import { useState } from "react";
import { Navigate } from "react-router";
import { confirmSignUp } from "@/api/publicAuth";
import { useSubmit } from "@/components/useSubmit";
import { useAccount } from "@/features/account/AccountProvider";
import { BadLink } from "@/features/account/BadLink";
import { linkTrouble } from "@/features/account/linkProblem";
import { forgetLinkToken, useLinkToken } from "@/features/account/linkToken";
import { NewPasswordField } from "@/features/account/NewPasswordField";
import { PublicForm } from "@/features/account/PublicForm";
import { HOME } from "@/features/account/returnPath";
import { SignInFrame } from "@/features/account/SignInFrame";

export default function ConfirmSignUpPage() {
  const token = useLinkToken("/confirm-sign-up");
  const { enter } = useAccount();
  const [password, setPassword] = useState("");
  const [done, setDone] = useState(false);
  const { busy, problem, tried, run } = useSubmit();
  const trouble = linkTrouble(problem);
  const wrong = password ? undefined : "Choose a password.";

  if (done) return <Navigate to={HOME} replace />;
  return (
    <SignInFrame title="Choose your password">
      {token === null || trouble ? (
        <BadLink {...(trouble ? { trouble } : {})} />
      ) : (
        <PublicForm
          submit="Create the organisation"
          busy={busy}
          problem={problem?.field("password") === undefined ? problem : null}
          back={false}
          onSubmit={() =>
            void run(async () => {
              await enter(() => confirmSignUp(token, password));
              setDone(true);
              forgetLinkToken();
            }, Boolean(wrong))
          }
        >
          <Box>Your e-mail address is confirmed. With a password, your organisation is ready.</Box>
          <NewPasswordField
            value={password}
            onChange={setPassword}
            errorText={(tried ? wrong : undefined) ?? problem?.field("password")}
            testId="new-password"
          />
        </PublicForm>
      )}
    </SignInFrame>
  );
}
