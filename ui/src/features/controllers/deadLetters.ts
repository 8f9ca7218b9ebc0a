/** Messages that no agent could make use of, in words. */
import type { DeadLetter, DeadLetters, Redriven } from "@/api/types";

const PROBLEMS: Readonly<Record<DeadLetter["problem"], string>> = {
  unreadable: "It cannot be read",
  foreign: "It is for another controller",
  not_claimed: "No agent took it",
};

export const problemWords = ({ problem }: Pick<DeadLetter, "problem">): string => PROBLEMS[problem];

/** What becomes of it when it is redriven. */
export const outcomeWords = ({ open }: Pick<DeadLetter, "open">): string =>
  open ? "Sent again: its command is open" : "Dropped: nothing waits for it";

/** How many there are: the queue's own count may lag behind what was listed. */
export const total = ({ items, count }: Pick<DeadLetters, "items" | "count">): number => Math.max(items.length, count);

/** The chosen ones that are still listed: a list that was read again may have lost some. */
export function stillThere(chosen: readonly string[], items: readonly DeadLetter[]): string[] {
  const ids = new Set(items.map(({ id }) => id));
  return chosen.filter((id) => ids.has(id));
}

export function redrivenWords({ redriven, dropped }: Redriven): string {
  if (redriven === 0 && dropped === 0) return "There was nothing to redrive any more.";
  const parts = [
    ...(redriven > 0 ? [`${messages(redriven)} sent again`] : []),
    ...(dropped > 0 ? [`${messages(dropped)} dropped, since nothing waits for ${dropped === 1 ? "it" : "them"}`] : []),
  ];
  return `${parts.join("; ")}.`;
}

export const messages = (count: number): string => (count === 1 ? "1 message" : `${count} messages`);
