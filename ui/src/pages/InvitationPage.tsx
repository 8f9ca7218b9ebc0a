import { useState } from "react";
import { Navigate } from "react-router";
import type { Problem } from "@/api/problem";
import { readInvitation } from "@/api/publicAuth";
import { Loading } from "@/components/Loading";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useRead } from "@/components/useRead";
import { AcceptInvitation } from "@/features/account/AcceptInvitation";
import { useAccount } from "@/features/account/AccountProvider";
import { BadLink } from "@/features/account/BadLink";
import { linkTrouble } from "@/features/account/linkProblem";
import { forgetLinkToken, useLinkToken } from "@/features/account/linkToken";
import { HOME } from "@/features/account/returnPath";
import { SignInFrame } from "@/features/account/SignInFrame";

export default function InvitationPage() {
  const token = useLinkToken("/invitation");
  const { account } = useAccount();
  const [joined, setJoined] = useState(false);
  if (joined && account.status === "signed-in") return <Navigate to={HOME} replace />;
  return (
    <SignInFrame title="You are invited">
      {token === null ? (
        <BadLink />
      ) : (
        <Opened
          key={token}
          token={token}
          onJoined={() => {
            setJoined(true);
            forgetLinkToken();
          }}
        />
      )}
    </SignInFrame>
  );
}

function Opened({ token, onJoined }: { token: string; onJoined: () => void }) {
  const { data: invitation, problem, reload } = useRead(() => readInvitation(token), token);
  const [refused, setRefused] = useState<Problem | null>(null);
  const trouble = linkTrouble(problem) ?? linkTrouble(refused);
  if (trouble) return <BadLink trouble={trouble} />;
  if (problem) return <ProblemAlert problem={problem} onRetry={() => void reload()} />;
  if (!invitation) return <Loading />;
  return <AcceptInvitation token={token} invitation={invitation} onAccepted={onJoined} onTrouble={setRefused} />;
}
