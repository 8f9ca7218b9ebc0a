/** What the states of a session mean to a person: words, colour, and what can be done. */
import type { StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { Session, SessionState } from "@/api/types";

interface Look {
  label: string;
  type: StatusIndicatorProps.Type;
}

const LOOKS: Readonly<Record<SessionState, Look>> = {
  pending: { label: "Pending", type: "pending" },
  starting: { label: "Starting", type: "loading" },
  running: { label: "Running", type: "success" },
  hibernating: { label: "Hibernating", type: "loading" },
  hibernated: { label: "Hibernated", type: "stopped" },
  waking: { label: "Waking", type: "loading" },
  failed: { label: "Failed", type: "error" },
  terminating: { label: "Terminating", type: "loading" },
  terminated: { label: "Terminated", type: "stopped" },
};

export const look = (state: SessionState): Look => LOOKS[state];

export type Action = "open" | "hibernate" | "wake" | "terminate";

const ACTIONS: Readonly<Record<SessionState, readonly Action[]>> = {
  pending: ["terminate"],
  starting: ["terminate"],
  running: ["open", "hibernate", "terminate"],
  hibernating: ["terminate"],
  hibernated: ["wake", "terminate"],
  waking: ["terminate"],
  failed: ["wake", "terminate"],
  terminating: [],
  terminated: [],
};

export const can = (session: Session, action: Action): boolean => ACTIONS[session.state].includes(action);

/** On its way to a desktop: the stages are worth watching. */
export const isStarting = ({ state }: Session): boolean =>
  state === "pending" || state === "starting" || state === "waking";

export const isOver = ({ state }: Session): boolean => state === "terminated";
