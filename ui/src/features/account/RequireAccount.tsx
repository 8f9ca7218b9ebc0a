import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import { Navigate, Outlet, useLocation } from "react-router";
import { Splash } from "@/components/Splash";
import { LiveProvider } from "@/features/live/LiveProvider";
import { useAccount } from "./AccountProvider";
import { Stopped } from "./Stopped";

/** Pages below need somebody signed in; others are sent to the sign-in page and come back afterwards. */
export function RequireAccount() {
  const { account, retry } = useAccount();
  const { pathname, search } = useLocation();
  if (account.status === "loading") return <Splash />;
  if (account.status === "unreachable") {
    return (
      <Splash>
        <Alert type="error" header="StreamSpace cannot be reached" action={<Button onClick={retry}>Retry</Button>}>
          {account.problem.message}
        </Alert>
      </Splash>
    );
  }
  if (account.status === "signed-out") {
    return <Navigate to="/sign-in" replace state={{ from: pathname + search, expired: account.expired }} />;
  }
  if (account.status === "stopped") return <Stopped ending={account.ending} organisation={account.organisation} />;
  return (
    <LiveProvider key={account.me.user.id}>
      <Outlet />
    </LiveProvider>
  );
}
