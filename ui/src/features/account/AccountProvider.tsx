/** Who is signed in. A reload asks the refresh cookie; everything below `Signed` may rely on `me`. */
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import * as auth from "@/api/auth";
import { asProblem, type Problem } from "@/api/problem";
import type { LoginRequest, Me } from "@/api/types";

export type Account =
  | { status: "loading" }
  | { status: "unreachable"; problem: Problem }
  | { status: "signed-out"; expired: boolean }
  | { status: "signed-in"; me: Me };

interface AccountActions {
  account: Account;
  signIn: (credentials: LoginRequest) => Promise<void>;
  signOut: () => Promise<void>;
  retry: () => void;
}

/** While the server cannot be reached at all, it is asked again by itself. */
const AGAIN_MS = 3000;

const AccountContext = createContext<AccountActions | null>(null);

export function AccountProvider({ children }: { children: ReactNode }) {
  const [account, setAccount] = useState<Account>({ status: "loading" });

  const look = useCallback(async () => {
    try {
      setAccount({ status: "signed-in", me: await auth.me() });
    } catch (error) {
      const problem = asProblem(error);
      if (problem.status === 401) setAccount({ status: "signed-out", expired: false });
      else setAccount({ status: "unreachable", problem });
    }
  }, []);

  useEffect(() => {
    const stop = auth.onSignedOut(() =>
      setAccount((before) => ({ status: "signed-out", expired: before.status === "signed-in" })),
    );
    // eslint-disable-next-line react-hooks/set-state-in-effect -- state follows the server's answer
    void look();
    return stop;
  }, [look]);

  const unreachable = account.status === "unreachable" ? account : null;
  useEffect(() => {
    if (!unreachable) return undefined;
    const timer = setTimeout(() => void look(), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [unreachable, look]);

  const actions = useMemo<AccountActions>(
    () => ({
      account,
      signIn: async (credentials) => {
        await auth.signIn(credentials);
        setAccount({ status: "signed-in", me: await auth.me() });
      },
      signOut: async () => {
        try {
          await auth.signOut();
        } finally {
          setAccount({ status: "signed-out", expired: false });
        }
      },
      retry: () => {
        setAccount({ status: "loading" });
        void look();
      },
    }),
    [account, look],
  );
  return <AccountContext value={actions}>{children}</AccountContext>;
}

export function useAccount(): AccountActions {
  const actions = useContext(AccountContext);
  if (!actions) throw new Error("useAccount outside of AccountProvider");
  return actions;
}

export function useMe(): Me {
  const { account } = useAccount();
  if (account.status !== "signed-in") throw new Error("useMe outside of the signed-in pages");
  return account.me;
}

export function useCan(permission: string): boolean {
  return useMe().permissions.includes(permission);
}
