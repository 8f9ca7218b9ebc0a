/** One session with what belongs to it. The row is live; the rest is read again when the row says it changed. */
import { useCallback, useEffect, useState } from "react";
import { asProblem, type Problem } from "@/api/problem";
import { getPlacement, getSession, getTimeline } from "@/api/sessions";
import type { Placement, Session, TimelineEntry } from "@/api/types";
import { useLive, useRow } from "@/features/live/LiveProvider";

interface OneSession {
  session: Session | undefined;
  problem: Problem | null;
  reload: () => void;
}

export function useSession(id: string): OneSession {
  const { sessions } = useLive();
  const session = useRow(sessions, id);
  const [problem, setProblem] = useState<Problem | null>(null);

  const read = useCallback(async () => {
    try {
      sessions.put(await getSession(id));
      setProblem(null);
    } catch (error) {
      setProblem(asProblem(error));
    }
  }, [sessions, id]);

  useEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- state follows the server's answer
    if (!sessions.get().items.has(id)) void read();
  }, [sessions, id, read]);

  return { session, problem: session ? null : problem, reload: () => void read() };
}

/** A start goes through its states in a second; reading their story would only slow it down. */
const CALM_MS = 300;

interface Story {
  timeline: readonly TimelineEntry[];
  placement: Placement | null;
}

export function useStory(session: Session | undefined): Story {
  const [story, setStory] = useState<Story>({ timeline: [], placement: null });
  const id = session?.id;
  const chapter = session && [session.state, session.generation, session.controller_id, session.reason?.code].join(" ");
  useEffect(() => {
    if (!id) return undefined;
    let wanted = true;
    const part = (change: Partial<Story>) => wanted && setStory((before) => ({ ...before, ...change }));
    const timer = setTimeout(() => {
      // Both are extra to the page: without them it still shows the session itself.
      getTimeline(id).then((entries) => part({ timeline: entries.toSorted(newestFirst) }), ignore);
      getPlacement(id).then((placement) => part({ placement }), ignore);
    }, CALM_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [id, chapter]);
  return story;
}

const newestFirst = (a: TimelineEntry, b: TimelineEntry) => Date.parse(b.at) - Date.parse(a.at);
const ignore = () => undefined;
