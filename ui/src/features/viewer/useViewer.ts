import { useEffect, useState, useSyncExternalStore, type RefObject } from "react";
import type { Session } from "@/api/types";
import { start } from "./connectionMachine";
import type { Scaling } from "./scaling";
import { ViewerConnection, type ViewerSnapshot } from "./viewerConnection";

const NOTHING: ViewerSnapshot = {
  connection: start(),
  permissions: null,
  painted: false,
  quality: { roundTripMs: null, frameRate: 0 },
  remoteClipboard: null,
  httpApp: null,
};
const none = () => () => undefined;

interface Viewer {
  connection: ViewerConnection | null;
  snapshot: ViewerSnapshot;
}

/** Streams a session into `screen` while it runs; a new incarnation is a new stream. */
export function useViewer(
  session: Session,
  screen: RefObject<HTMLElement | null>,
  still: RefObject<HTMLElement | null>,
  scaling: Scaling,
  control: boolean,
): Viewer {
  const [connection, setConnection] = useState<ViewerConnection | null>(null);
  const { id, incarnation } = session;
  const running = session.state === "running";

  useEffect(() => {
    if (!running || !screen.current || !still.current) return undefined;
    const made = new ViewerConnection(id, screen.current, still.current, control);
    // eslint-disable-next-line react-hooks/set-state-in-effect -- it needs the elements that this render made
    setConnection(made);
    made.begin();
    const hurry = () => {
      if (made.get().connection.phase === "reconnecting") made.retryNow();
    };
    window.addEventListener("online", hurry);
    return () => {
      window.removeEventListener("online", hurry);
      made.end();
    };
  }, [id, incarnation, running, screen, still, control]);

  useEffect(() => connection?.setScaling(scaling), [connection, scaling]);
  const snapshot = useSyncExternalStore(connection?.subscribe ?? none, connection?.get ?? (() => NOTHING));
  return { connection, snapshot };
}
