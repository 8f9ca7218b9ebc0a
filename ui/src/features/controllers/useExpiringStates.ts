import { useEffect } from "react";
import type { Controller } from "@/api/types";
import { useLive } from "@/features/live/LiveProvider";

/** A clock that is wrong here must not make this a poll. */
const SOONEST_MS = 30_000;
const SLACK_MS = 1000;

/**
 * Silence makes no event: a controller that stops calling becomes degraded when its `state_until` passes, and a
 * pause is over by the clock. So the list is read once more at the earliest of these times.
 */
export function useExpiringStates(controllers: readonly Controller[]): void {
  const live = useLive();
  const change = earliest(controllers.map(({ state_until: time }) => time));
  const resume = earliest(controllers.map(({ paused }) => paused?.until));
  useEffect(() => {
    if (change === null) return undefined;
    const wait = Math.max(SOONEST_MS, change - Date.now() + SLACK_MS);
    const timer = setTimeout(() => void live.controllers.load(), wait);
    return () => clearTimeout(timer);
  }, [change, live]);
  useEffect(() => {
    if (resume === null) return undefined;
    let timer: ReturnType<typeof setTimeout>;
    // Somebody watches its countdown, so punctually; and again where the server's clock is behind ours.
    const look = (soonest: number) => {
      timer = setTimeout(
        () => {
          void live.controllers.load();
          look(SOONEST_MS);
        },
        Math.max(soonest, resume - Date.now() + SLACK_MS),
      );
    };
    look(SLACK_MS);
    return () => clearTimeout(timer);
  }, [resume, live]);
}

function earliest(times: readonly (string | null | undefined)[]): number | null {
  const known = times.flatMap((time) => (time ? [Date.parse(time)] : []));
  return known.length > 0 ? Math.min(...known) : null;
}
