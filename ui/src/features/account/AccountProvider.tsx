/** Who is signed in. A reload asks the refresh cookie; everything below `Signed` may rely on `me`. */
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { changeMe } from "@/api/account";
import * as auth from "@/api/auth";
import { asProblem, type Problem } from "@/api/problem";
import type { LoginRequest, Me, MePatch } from "@/api/types";
import { endingOf, type Ending } from "./ending";
import { applyPreferences } from "./preferences";

export type Account =
  | { status: "loading" }
  | { status: "unreachable"; problem: Problem }
  | { status: "signed-out"; expired: boolean }
  | { status: "stopped"; ending: Ending; organisation: string | null }
  | { status: "signed-in"; me: Me };

interface AccountActions {
  account: Account;
  signIn: (credentials: LoginRequest) => Promise<void>;
  /** Signs in by other means than a password form: `work` obtains the token. */
  enter: (work: () => Promise<void>) => Promise<void>;
  signOut: () => Promise<void>;
  retry: () => void;
  /** Changes one's own name or preferences; `me` is what the server then says. */
  change: (patch: MePatch) => Promise<void>;
  /** After the organisation was deleted: nobody is signed in any more, and the page says why. */
  farewell: () => void;
}

/** While the server cannot be reached at all, it is asked again by itself. */
const AGAIN_MS = 3000;

const AccountContext = createContext<AccountActions | null>(null);

export function AccountProvider({ children }: { children: ReactNode }) {
  const [account, setAccount] = useState<Account>({ status: "loading" });

  const look = useCallback(async () => {
    try {
      setAccount(await signedIn());
    } catch (error) {
      const problem = asProblem(error);
      const ending = endingOf(problem);
      if (ending) setAccount(stopped(ending));
      else if (problem.status === 401) setAccount({ status: "signed-out", expired: false });
      else setAccount({ status: "unreachable", problem });
    }
  }, []);

  useEffect(() => {
    const endings = [
      auth.onSignedOut((problem) =>
        setAccount((before) => {
          const ending = endingOf(problem);
          if (ending) return stopped(ending, before);
          // What ended for good stays on the screen; a sign-in that is gone by now does not change it.
          if (before.status === "stopped") return before;
          return { status: "signed-out", expired: before.status === "signed-in" };
        }),
      ),
      auth.onForbidden((problem) =>
        setAccount((before) => {
          const ending = endingOf(problem);
          return ending && before.status === "signed-in" ? stopped(ending, before) : before;
        }),
      ),
    ];
    // eslint-disable-next-line react-hooks/set-state-in-effect -- state follows the server's answer
    void look();
    return () => endings.forEach((stop) => stop());
  }, [look]);

  const unreachable = account.status === "unreachable" ? account : null;
  useEffect(() => {
    if (!unreachable) return undefined;
    const timer = setTimeout(() => void look(), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [unreachable, look]);

  const enter = useCallback(async (work: () => Promise<void>) => {
    await work();
    setAccount(await signedIn());
  }, []);

  const actions = useMemo<AccountActions>(
    () => ({
      account,
      signIn: (credentials) => enter(() => auth.signIn(credentials)),
      enter,
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
      change: async (patch) => {
        await changeMe(patch);
        setAccount(await signedIn());
      },
      farewell: () => {
        auth.forget();
        setAccount((before) => stopped("deleted", before));
      },
    }),
    [account, look, enter],
  );
  return <AccountContext value={actions}>{children}</AccountContext>;
}

/** Who the server says it is, with the page as they prefer it before the first of theirs is drawn. */
async function signedIn(): Promise<Account> {
  const me = await auth.me();
  applyPreferences(me);
  return { status: "signed-in", me };
}

function stopped(ending: Ending, before?: Account): Account {
  if (before?.status === "stopped") return before;
  return { status: "stopped", ending, organisation: before?.status === "signed-in" ? before.me.tenant.name : null };
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
