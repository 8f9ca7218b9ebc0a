/**
 * How a viewer gets its stream, keeps it and gets it back. Pure: events in, the next state out; the state's
 * `plan` says what to try next and when. A resume token needs nothing but the stream plane, so it is tried
 * first; a fresh ticket needs the control plane; while both fail they take turns.
 */
import { backoff } from "@/api/backoff";
import { CloseCode } from "@/api/streamChannel";

export type Phase = "connecting" | "connected" | "reconnecting" | "closed";
export type GrantKind = "ticket" | "resume";

export interface Plan {
  grant: GrantKind;
  inMs: number;
}

export interface ConnectionState {
  phase: Phase;
  /** Set while something is to be tried; null when connected or given up. */
  plan: Plan | null;
  attempt: number;
  resume: string | null;
  lastGrant: GrantKind;
  everConnected: boolean;
  /** Why it was closed, or what the last attempt met. */
  reason: string | null;
  /** Of a closed one: whether trying again may help. */
  retryable: boolean;
}

export type ConnectionEvent =
  | { type: "connected" }
  | { type: "resume"; token: string }
  | { type: "farewell"; reason: string }
  | { type: "dropped"; code: number; reason: string }
  | { type: "refused"; status: number; temporary: boolean; message: string }
  | { type: "restart" }
  | { type: "close"; reason: string | null };

const MAX_ATTEMPTS = 150;
const MAX_FIRST_ATTEMPTS = 12;
/** Short: a desktop that a person is waiting for; jitter keeps a relay's viewers from coming back all at once. */
const BACKOFF = { base: 250, cap: 2000 };

export function start(): ConnectionState {
  return {
    phase: "connecting",
    plan: { grant: "ticket", inMs: 0 },
    attempt: 0,
    resume: null,
    lastGrant: "ticket",
    everConnected: false,
    reason: null,
    retryable: true,
  };
}

export function next(state: ConnectionState, event: ConnectionEvent, random = Math.random): ConnectionState {
  switch (event.type) {
    case "connected":
      return { ...state, phase: "connected", plan: null, attempt: 0, everConnected: true, reason: null };
    case "resume":
      return { ...state, resume: event.token };
    case "farewell":
      return { ...state, reason: event.reason };
    case "dropped":
      return state.phase === "closed" ? state : dropped(state, event.code, event.reason, random);
    case "refused":
      return state.phase === "closed" ? state : refused(state, event, random);
    case "restart":
      return {
        ...start(),
        everConnected: state.everConnected,
        phase: state.everConnected ? "reconnecting" : "connecting",
      };
    case "close":
      return closed(state, event.reason, false);
  }
}

function dropped(state: ConnectionState, code: number, text: string, random: () => number): ConnectionState {
  const reason = text || state.reason;
  switch (code) {
    case CloseCode.ended:
      return closed(state, reason ?? "The session has ended.", false);
    case CloseCode.forbidden:
      return closed(state, reason ?? "You are not permitted to see this session.", false);
    case CloseCode.refused:
      return again({ ...state, resume: null }, "ticket", reason, random);
    case CloseCode.unknownSession:
      return again({ ...state, resume: null }, "ticket", reason ?? "The controller is preparing the session.", random);
    case CloseCode.unanswered:
      return again(state, otherwise(state), reason ?? "The session's screen does not answer.", random);
    case CloseCode.gatewayRestarting:
      return again(state, otherwise(state), reason ?? "The controller's gateway is restarting.", random);
    default:
      return again(state, otherwise(state), reason, random);
  }
}

function refused(
  state: ConnectionState,
  { status, temporary, message }: { status: number; temporary: boolean; message: string },
  random: () => number,
): ConnectionState {
  // 409: not running yet, or not any more; the session's own row will say which.
  if (temporary || status === 409)
    return again({ ...state, lastGrant: "ticket" }, otherwise({ ...state, lastGrant: "ticket" }), message, random);
  return closed(state, message, status !== 403 && status !== 404);
}

/** From a live connection the token comes first; after a failed try, the other of the two. */
function otherwise({ phase, resume, lastGrant }: ConnectionState): GrantKind {
  if (resume === null) return "ticket";
  if (phase === "connected") return "resume";
  return lastGrant === "resume" ? "ticket" : "resume";
}

function again(state: ConnectionState, grant: GrantKind, reason: string | null, random: () => number): ConnectionState {
  const attempt = state.attempt + 1;
  if (attempt > (state.everConnected ? MAX_ATTEMPTS : MAX_FIRST_ATTEMPTS)) {
    return closed(state, reason ?? "The stream cannot be reached.", true);
  }
  return {
    ...state,
    phase: state.everConnected ? "reconnecting" : "connecting",
    attempt,
    plan: { grant, inMs: state.phase === "connected" ? 0 : backoff(attempt - 1, { ...BACKOFF, random }) },
    lastGrant: grant,
    reason,
  };
}

function closed(state: ConnectionState, reason: string | null, retryable: boolean): ConnectionState {
  return { ...state, phase: "closed", plan: null, reason, retryable };
}
