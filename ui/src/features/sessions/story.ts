/** The timeline in words: what happened, and who did it. */
import type { TimelineEntry } from "@/api/types";

const CAUSES: Readonly<Record<string, string>> = {
  created: "Created",
  created_and_placed: "Created and placed on a controller",
  placed: "Placed on a controller",
  moved: "Moved to another controller",
  unplaced: "Taken off its controller, to start on another one",
  started: "The instance runs and answers",
  hibernate_requested: "Hibernation requested",
  hibernated: "The instance was stopped; its home is kept",
  not_hibernated: "It could not be hibernated and runs on",
  wake_requested: "Wake requested",
  terminate_requested: "Termination requested",
  terminated: "The instance is gone",
  start_failed: "The start failed",
  not_placed: "No controller took it in time",
  deadline_passed: "It took too long",
  instance_ended: "The instance ended by itself",
  instance_lost: "The instance is missing on its controller",
  controller_removed: "Its controller was removed",
};

export const cause = ({ cause: code }: TimelineEntry): string => CAUSES[code] ?? code.replaceAll("_", " ");

/** `actor` is a user's id, `agent:<id>` or `system`. */
export function actor({ actor: who }: TimelineEntry, myId: string): string {
  if (who === myId) return "you";
  if (who === "system") return "StreamSpace";
  if (who.startsWith("agent:")) return "the agent";
  return who.startsWith("usr-") ? "another user" : who;
}
