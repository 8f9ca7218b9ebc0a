import { createContext, useContext, useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import type { FeedStatus } from "@/api/events";
import type { Controller, Session } from "@/api/types";
import type { EntityStore, Snapshot } from "./entityStore";
import { useCan } from "@/features/account/AccountProvider";
import { Live } from "./live";

const LiveContext = createContext<Live | null>(null);

export function LiveProvider({ children }: { children: ReactNode }) {
  const [live] = useState(() => new Live());
  useEffect(() => live.start(), [live]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error("useLive outside of LiveProvider");
  return live;
}

export function useFeedStatus(): FeedStatus {
  const live = useLive();
  return useSyncExternalStore(live.subscribe, live.getStatus);
}

export function useSessions(): Snapshot<Session> {
  const live = useLive();
  useEffect(() => live.want(live.sessions), [live]);
  return useSyncExternalStore(live.sessions.subscribe, live.sessions.get);
}

export function useControllers(): Snapshot<Controller> {
  const live = useLive();
  const permitted = useCan("controllers:read");
  useEffect(() => {
    if (permitted) live.want(live.controllers);
  }, [live, permitted]);
  return useSyncExternalStore(live.controllers.subscribe, live.controllers.get);
}

/** One row as the store knows it; undefined until it is read. */
export function useRow<T extends { id: string }>(store: EntityStore<T>, id: string): T | undefined {
  return useSyncExternalStore(store.subscribe, () => store.get().items.get(id));
}
