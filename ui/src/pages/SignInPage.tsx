import { Navigate, useLocation } from "react-router";
import { Splash } from "@/components/Splash";
import { useAccount } from "@/features/account/AccountProvider";
import { SignInForm } from "@/features/account/SignInForm";
import { SignInFrame } from "@/features/account/SignInFrame";

interface From {
  from?: string;
  expired?: boolean;
}

export default function SignInPage() {
  const { account } = useAccount();
  const state = useLocation().state as From | null;
  if (account.status === "loading") return <Splash />;
  if (account.status === "signed-in") return <Navigate to={state?.from ?? "/catalog"} replace />;
  return (
    <SignInFrame>
      <SignInForm expired={state?.expired === true} />
    </SignInFrame>
  );
}
