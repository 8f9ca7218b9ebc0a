/** What can be done to a session, for every page that offers it. The answer goes straight into the store. */
import { useCallback, useMemo, useState, type ReactNode } from "react";
import { useNavigate } from "react-router";
import { hibernateSession, terminateSession, wakeSession } from "@/api/sessions";
import type { Session } from "@/api/types";
import { useFlash } from "@/components/Flash";
import { useLive } from "@/features/live/LiveProvider";
import { TerminateDialog } from "./TerminateDialog";

export interface SessionActions {
  open: (session: Session) => void;
  /** Opens it to look at, without touching it. */
  observe: (session: Session) => void;
  details: (session: Session) => void;
  hibernate: (session: Session) => Promise<void>;
  wake: (session: Session) => Promise<void>;
  terminate: (session: Session) => void;
  /** The id of the session that an action is under way for. */
  busy: string | null;
  /** Render this once: the confirmation. */
  dialog: ReactNode;
}

export function useSessionActions(): SessionActions {
  const navigate = useNavigate();
  const { sessions } = useLive();
  const flash = useFlash();
  const [busy, setBusy] = useState<string | null>(null);
  const [ending, setEnding] = useState<Session | null>(null);

  const run = useCallback(
    async (session: Session, failure: string, call: (id: string) => Promise<Session>) => {
      setBusy(session.id);
      try {
        sessions.put(await call(session.id));
      } catch (error) {
        flash.failure(failure, error);
      } finally {
        setBusy(null);
      }
    },
    [sessions, flash],
  );

  return useMemo<SessionActions>(
    () => ({
      open: (session) => void navigate(`/sessions/${session.id}/view`),
      observe: (session) => void navigate(`/sessions/${session.id}/view?view-only`),
      details: (session) => void navigate(`/sessions/${session.id}`),
      hibernate: (session) => run(session, `${session.name} could not be hibernated`, hibernateSession),
      wake: (session) => run(session, `${session.name} could not be woken`, wakeSession),
      terminate: setEnding,
      busy,
      dialog: ending && (
        <TerminateDialog
          session={ending}
          onCancel={() => setEnding(null)}
          onConfirm={async (deleteHome) => {
            sessions.put(await terminateSession(ending.id, deleteHome));
            setEnding(null);
          }}
        />
      ),
    }),
    [navigate, run, sessions, busy, ending],
  );
}
