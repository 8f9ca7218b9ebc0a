/** A controller's state and the health of its parts, in words and colours. */
import type { StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { Controller } from "@/api/types";

interface Look {
  label: string;
  type: StatusIndicatorProps.Type;
}

const STATES: Readonly<Record<string, Look>> = {
  online: { label: "Online", type: "success" },
  degraded: { label: "Degraded", type: "warning" },
  lost: { label: "Lost", type: "error" },
  never_seen: { label: "Never seen", type: "pending" },
  draining: { label: "Draining", type: "stopped" },
};

export const stateLook = ({ state }: Controller): Look => STATES[state] ?? { label: state, type: "info" };

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
export function parts({ health }: Controller): Part[] {
  return PARTS.map(([key, name]) => {
    const part = health[key];
    return { name, ok: judge(part.state), reason: part.reason?.message ?? null };
  });
}

function judge(state: string): boolean | null {
  if (state === "ok") return true;
  return state === "failing" ? false : null;
}
