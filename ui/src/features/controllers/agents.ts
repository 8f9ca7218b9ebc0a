/** How an agent of a controller is doing, and what follows when it is revoked. */
import type { StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { Agent } from "@/api/types";
import { parts } from "./health";

interface Look {
  label: string;
  type: StatusIndicatorProps.Type;
}

const LOOKS: Readonly<Record<Agent["state"], Look>> = {
  active: { label: "Active", type: "success" },
  silent: { label: "Silent", type: "error" },
  never_seen: { label: "Never seen", type: "pending" },
};

export const agentLook = ({ state }: Pick<Agent, "state">): Look => LOOKS[state];

const DAY_MS = 86_400_000;

/** "12 days". A key is replaced by itself at about thirty. */
export function keyAge(createdAt: string, now: number): string {
  const days = Math.floor((now - Date.parse(createdAt)) / DAY_MS);
  if (days < 1) return "Less than a day";
  return days === 1 ? "1 day" : `${days} days`;
}

/** "Platform: Docker does not answer." for each part that fails; empty while all is well or unknown. */
export const complaints = (agent: Pick<Agent, "health">): string[] =>
  parts(agent).flatMap(({ name, ok, reason }) => (ok === false ? [`${name}: ${reason ?? "failing"}`] : []));

/** What revoking one of these agents leaves the controller with. */
export function afterRevoking(agents: readonly Agent[], { id }: Pick<Agent, "id">): string {
  const others = agents.filter((each) => each.id !== id);
  const active = others.filter(({ state }) => state === "active").length;
  if (others.length === 0) {
    return "It is the only agent: until another one is added, nobody carries out what this controller is told.";
  }
  if (active === 0) {
    return "No other agent is active: until one is, nobody carries out what this controller is told.";
  }
  return active === 1 ? "The other active agent takes over its work." : `${active} active agents take over its work.`;
}
