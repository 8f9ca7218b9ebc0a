/** What lies over the picture, from the session's own state first and the connection's second. Pure. */
import type { Session } from "@/api/types";
import type { ConnectionState } from "./connectionMachine";

export interface Overlay {
  kind: "busy" | "notice" | "over";
  title: string;
  text: string | null;
  actions: readonly ("wake" | "retry" | "leave" | "details")[];
}

export function overlay(
  session: Pick<Session, "state" | "reason" | "name">,
  connection: ConnectionState,
  painted: boolean,
): Overlay | null {
  return ofSession(session) ?? ofConnection(session.name, connection, painted);
}

function ofSession({ state, reason, name }: Pick<Session, "state" | "reason" | "name">): Overlay | null {
  const why = reason?.message ?? null;
  switch (state) {
    case "hibernating":
      return { kind: "busy", title: "Hibernating…", text: why, actions: ["leave"] };
    case "hibernated":
      return {
        kind: "over",
        title: `${name} is hibernated`,
        text: why ?? "Its home folder is kept. Wake it to continue.",
        actions: ["wake", "leave"],
      };
    case "failed":
      return { kind: "over", title: `${name} has failed`, text: why, actions: ["wake", "details", "leave"] };
    case "terminating":
      return { kind: "busy", title: "Terminating…", text: why, actions: ["leave"] };
    case "terminated":
      return { kind: "over", title: `${name} has ended`, text: why, actions: ["leave"] };
    case "pending":
    case "starting":
    case "waking":
      return { kind: "busy", title: `${name} is starting…`, text: why, actions: ["details", "leave"] };
    case "running":
      return null;
  }
}

function ofConnection(
  name: string,
  { phase, reason, attempt, retryable }: ConnectionState,
  painted: boolean,
): Overlay | null {
  switch (phase) {
    case "connecting":
      return {
        kind: "busy",
        title: `Connecting to ${name}…`,
        text: attempt > 1 ? reason : null,
        actions: attempt > 2 ? ["retry", "leave"] : [],
      };
    case "connected":
      return painted ? null : { kind: "busy", title: `Connecting to ${name}…`, text: null, actions: [] };
    case "reconnecting":
      return { kind: "notice", title: "Reconnecting…", text: reason, actions: ["retry"] };
    case "closed":
      return {
        kind: "over",
        title: "Disconnected",
        text: reason,
        actions: retryable ? ["retry", "leave"] : ["retry", "details", "leave"],
      };
  }
}
