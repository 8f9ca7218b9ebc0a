import { useEffect } from "react";
import type { Controller } from "@/api/types";
import { useLive } from "@/features/live/LiveProvider";

/** A clock that is wrong here must not make this a poll. */
const SOONEST_MS = 30_000;
const SLACK_MS = 1000;

/**
 * Silence makes no event: a controller that stops calling becomes degraded when its `state_until` passes.
 * So the list is read once more at the earliest of these times.
 */
export function useExpiringStates(controllers: readonly Controller[]): void {
  const live = useLive();
  const times = controllers.flatMap(({ state_until }) => (state_until ? [Date.parse(state_until)] : []));
  const earliest = times.length > 0 ? Math.min(...times) : null;
  useEffect(() => {
    if (earliest === null) return undefined;
    const wait = Math.max(SOONEST_MS, earliest - Date.now() + SLACK_MS);
    const timer = setTimeout(() => void live.controllers.load(), wait);
    return () => clearTimeout(timer);
  }, [earliest, live]);
}
