/** A controller's state and the health of its parts, in words and colours. */
import type { StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { Controller } from "@/api/types";

interface Look {
  label: string;
  type: StatusIndicatorProps.Type;
}

const STATES: Readonly<Record<Controller["state"], Look>> = {
  online: { label: "Online", type: "success" },
  degraded: { label: "Degraded", type: "warning" },
  lost: { label: "Lost", type: "error" },
  never_seen: { label: "Never seen", type: "pending" },
  draining: { label: "Draining", type: "in-progress" },
  paused: { label: "Paused", type: "stopped" },
};

export function stateLook({ state, drain }: Pick<Controller, "state" | "drain">): Look {
  if (state !== "draining") return STATES[state];
  if (!drain) return { label: "Cordoned", type: "stopped" };
  return drain.remaining === 0 ? { label: "Drained", type: "stopped" } : STATES.draining;
}

/** What is also true of it, but not what its state is called. */
export function alsoTrue({ state, drain, cordoned }: Pick<Controller, "state" | "drain" | "cordoned">): string | null {
  if (state === "draining") return null;
  if (drain) return drain.remaining === 0 ? "Drained" : "Draining";
  return cordoned ? "Cordoned" : null;
}

/** Whether a session that asks for it may be placed on it now. */
export const takesSessions = ({ state, cordoned, drain }: Pick<Controller, "state" | "cordoned" | "drain">): boolean =>
  !cordoned && !drain && (state === "online" || state === "degraded");

/** Why a controller is in its state, and what that means. */
export function stateReason(controller: Controller): string {
  const { state, drain, health } = controller;
  if (state === "never_seen") return "Its agent has not called yet. Run the enrolment command, or create another one.";
  if (state === "paused") return "Commands to it wait until the pause ends. What runs there goes on.";
  if (state === "lost") return "Its agents do not answer. Sessions that run there are not touched.";
  if (state === "draining") {
    if (!drain) return "It takes no new sessions. What runs there stays.";
    return drain.remaining === 0
      ? "It takes no new sessions, and none runs there."
      : "It takes no new sessions and is being emptied.";
  }
  if (state === "online") return "It takes new sessions.";
  const failing = PARTS.filter(([key]) => health[key].state === "failing").map(([, name]) => name.toLowerCase());
  return failing.length > 0 ? `Failing: ${failing.join(", ")}.` : "Its agents have missed several reports.";
}

export interface Part {
  name: string;
  ok: boolean | null;
  reason: string | null;
}

const PARTS = [
  ["polling", "Polling"],
  ["platform", "Platform"],
  ["streaming", "Streaming"],
] as const;

/** `ok` is null while the agent has not said anything yet. */
export function parts({ health }: Pick<Controller, "health">): Part[] {
  return PARTS.map(([key, name]) => {
    const part = health[key];
    return { name, ok: judge(part.state), reason: part.reason?.message ?? null };
  });
}

function judge(state: string): boolean | null {
  if (state === "ok") return true;
  return state === "failing" ? false : null;
}
