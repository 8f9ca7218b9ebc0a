import { Navigate, useLocation } from "react-router";
import { Splash } from "@/components/Splash";
import { useAccount } from "@/features/account/AccountProvider";
import { returnPath } from "@/features/account/returnPath";
import { SignInForm } from "@/features/account/SignInForm";
import { SignInFrame } from "@/features/account/SignInFrame";

interface From {
  from?: unknown;
  expired?: boolean;
  note?: string;
}

export default function SignInPage() {
  const { account } = useAccount();
  const state = useLocation().state as From | null;
  if (account.status === "loading") return <Splash />;
  if (account.status === "signed-in") return <Navigate to={returnPath(state?.from, location.origin)} replace />;
  return (
    <SignInFrame title="Sign in">
      <SignInForm expired={state?.expired === true} note={state?.note} />
    </SignInFrame>
  );
}
