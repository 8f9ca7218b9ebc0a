/** Pause and drain in words and choices. */
import type { Drain } from "@/api/types";
import { countdown } from "@/components/time";

const HOUR = 3600;

/** How long a pause may be chosen to last, in seconds. */
export const PAUSES: readonly { seconds: number; text: string }[] = [
  { seconds: 900, text: "15 min" },
  { seconds: 1800, text: "30 min" },
  { seconds: HOUR, text: "1 h" },
  { seconds: 4 * HOUR, text: "4 h" },
  { seconds: 8 * HOUR, text: "8 h" },
  { seconds: 24 * HOUR, text: "24 h" },
];
export const USUAL_PAUSE = HOUR;

/** "14:59", or null once the clock has passed the end. */
export function pauseLeft(until: string, now: number): string | null {
  const left = (Date.parse(until) - now) / 1000;
  return left > 0 ? countdown(left) : null;
}

export const sessionCount = (count: number): string => (count === 1 ? "1 session" : `${count} sessions`);

/** How far a drain has come. */
export function drainProgress({ remaining }: Pick<Drain, "remaining">): string {
  return remaining === 0 ? "no session is left" : `${sessionCount(remaining)} left`;
}

/** What a drain does about the sessions that are left. */
export function drainMeans({ mode, remaining }: Pick<Drain, "mode" | "remaining">): string {
  if (remaining === 0) return "It can be taken out of service, or the drain stopped.";
  return mode === "move"
    ? "They are hibernated, and those that did not start yet go to other controllers."
    : "They run until their people end them.";
}

/** A reason as the API wants it: nothing rather than an empty text. */
export const reasonOf = (text: string): { reason?: string } => (text.trim() ? { reason: text.trim() } : {});
