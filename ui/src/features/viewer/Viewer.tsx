import { useCallback, useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { hibernateSession, wakeSession } from "@/api/sessions";
import { asProblem } from "@/api/problem";
import type { Session } from "@/api/types";
import { useLive } from "@/features/live/LiveProvider";
import type { Phase } from "./connectionMachine";
import { HttpApp } from "./HttpApp";
import { overlay } from "./overlay";
import { OverlayCard } from "./OverlayCard";
import { rememberedScaling, rememberScaling, type Scaling } from "./scaling";
import { Toolbar } from "./Toolbar";
import { useClipboardSync } from "./useClipboardSync";
import { useFullScreen } from "./useFullScreen";
import { useViewer } from "./useViewer";
import styles from "./viewer.module.css";
import type { ViewerSnapshot } from "./viewerConnection";

interface Props {
  session: Session;
  /** False: only watch, even where more is permitted. */
  control: boolean;
}

/** A session's screen with everything around it. */
export function Viewer({ session, control }: Props) {
  const navigate = useNavigate();
  const { sessions } = useLive();
  const root = useRef<HTMLDivElement>(null);
  const screen = useRef<HTMLDivElement>(null);
  const still = useRef<HTMLDivElement>(null);
  const [scaling, setScaling] = useState<Scaling>(rememberedScaling);
  const [fullScreen, toggleFullScreen] = useFullScreen(root);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const { connection, snapshot } = useViewer(session, screen, still, scaling, control);
  useClipboardSync(connection, snapshot);
  useTitle(session.name);

  const change = async (call: (id: string) => Promise<Session>): Promise<boolean> => {
    setBusy(true);
    setFailure(null);
    try {
      sessions.put(await call(session.id));
      return true;
    } catch (error) {
      setFailure(asProblem(error).message);
      return false;
    } finally {
      setBusy(false);
    }
  };
  const leave = useCallback(() => void navigate("/sessions"), [navigate]);
  const details = (launched: boolean) => void navigate(`/sessions/${session.id}`, { state: { launched } });
  const wake = async () => {
    if (await change(wakeSession)) details(true);
  };

  const cover = overlay(session, snapshot.connection, snapshot.painted || snapshot.httpApp !== null);
  const phase = session.state === "running" ? shownPhase(snapshot) : "closed";

  return (
    <div ref={root} className={styles.viewer} data-full-screen={fullScreen}>
      <Toolbar
        session={session}
        snapshot={snapshot}
        scaling={scaling}
        fullScreen={fullScreen}
        onScaling={(chosen) => {
          setScaling(chosen);
          rememberScaling(chosen);
        }}
        onFullScreen={toggleFullScreen}
        onKeys={(keys) => {
          connection?.sendKeys(keys);
        }}
        onPaste={(text) => connection?.pasteText(text)}
        onLeave={leave}
        onHibernate={() => void change(hibernateSession)}
        onDetails={() => details(false)}
      />
      <div className={styles.stage}>
        <div ref={still} className={styles.still} aria-hidden="true" />
        <div
          ref={screen}
          className={styles.screen}
          data-testid="viewer-screen"
          data-state={phase}
          data-painted={snapshot.painted}
        />
        {snapshot.httpApp && !cover && <HttpApp answer={snapshot.httpApp} />}
        {cover && (
          <OverlayCard
            overlay={failure ? { ...cover, text: failure } : cover}
            busy={busy}
            onAction={(action) => {
              if (action === "wake") void wake();
              else if (action === "retry") connection?.retryNow();
              else if (action === "leave") leave();
              else details(true);
            }}
          />
        )}
      </div>
    </div>
  );
}

/** Connected means that there is a picture, not only a handshake. */
function shownPhase({ connection, painted, httpApp }: ViewerSnapshot): Phase {
  if (connection.phase !== "connected" || painted || httpApp) return connection.phase;
  return "connecting";
}

function useTitle(name: string): void {
  useEffect(() => {
    const before = document.title;
    document.title = `${name} – StreamSpace`;
    return () => {
      document.title = before;
    };
  }, [name]);
}
