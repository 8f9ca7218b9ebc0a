import { describe, expect, it } from "vitest";
import { CloseCode } from "@/api/streamChannel";
import { next, start, type ConnectionEvent, type ConnectionState } from "./connectionMachine";

const run = (state: ConnectionState, ...events: ConnectionEvent[]) =>
  events.reduce((before, event) => next(before, event, () => 0.5), state);
const drop = (code = 1006, reason = ""): ConnectionEvent => ({ type: "dropped", code, reason });
const refused = (status: number, temporary = status === 0 || status >= 500): ConnectionEvent => ({
  type: "refused",
  status,
  temporary,
  message: "why",
});
const live = () => run(start(), { type: "resume", token: "r1" }, { type: "connected" });

describe("a viewer's connection", () => {
  it("begins with a ticket at once", () => {
    expect(start()).toMatchObject({ phase: "connecting", plan: { grant: "ticket", inMs: 0 } });
  });

  it("resumes at once after a drop", () => {
    expect(run(live(), drop())).toMatchObject({
      phase: "reconnecting",
      plan: { grant: "resume", inMs: 0 },
      attempt: 1,
    });
  });

  it("uses the newest resume token", () => {
    const state = run(live(), drop(), { type: "resume", token: "r2" }, { type: "connected" }, drop());
    expect(state).toMatchObject({ resume: "r2", attempt: 1, plan: { grant: "resume" } });
  });

  it("takes turns between resuming and a ticket while both fail, slower and slower", () => {
    let state = run(live(), drop());
    const plans: string[] = [];
    const waits: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      plans.push(state.plan?.grant ?? "none");
      waits.push(state.plan?.inMs ?? 0);
      state = run(state, state.plan?.grant === "resume" ? drop() : refused(0));
    }
    expect(plans).toEqual(["resume", "ticket", "resume", "ticket", "resume", "ticket"]);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(state.phase).toBe("reconnecting");
  });

  it("comes back with resume alone while the control plane is away", () => {
    const state = run(live(), drop(CloseCode.gatewayRestarting), drop(), refused(503), { type: "connected" });
    expect(state).toMatchObject({ phase: "connected", attempt: 0, plan: null, reason: null });
  });

  it("throws a refused token away and asks for a ticket", () => {
    expect(run(live(), drop(), drop(CloseCode.refused))).toMatchObject({ resume: null, plan: { grant: "ticket" } });
  });

  it("asks anew where the controller does not know the session", () => {
    expect(run(live(), drop(CloseCode.unknownSession))).toMatchObject({
      phase: "reconnecting",
      plan: { grant: "ticket" },
    });
  });

  it.each([CloseCode.ended, CloseCode.forbidden])("ends for good with %i", (code) => {
    expect(run(live(), drop(code, "That was it."))).toMatchObject({
      phase: "closed",
      plan: null,
      reason: "That was it.",
    });
  });

  it("says what the gateway said before it closed", () => {
    const state = run(live(), { type: "farewell", reason: "The session was hibernated." }, drop(CloseCode.ended));
    expect(state).toMatchObject({ phase: "closed", reason: "The session was hibernated." });
  });

  it.each([403, 404])("does not ask again after %i", (status) => {
    expect(run(live(), drop(), drop(), refused(status))).toMatchObject({ phase: "closed", retryable: false });
  });

  it("keeps asking while the session is not running (409)", () => {
    expect(run(start(), refused(409))).toMatchObject({ phase: "connecting", plan: { grant: "ticket" } });
  });

  it("gives up in the end, and can be started again", () => {
    let state = live();
    for (let round = 0; round < 200; round += 1) state = run(state, drop());
    expect(state).toMatchObject({ phase: "closed", retryable: true });
    expect(run(state, drop())).toBe(state);
    expect(run(state, { type: "restart" })).toMatchObject({
      phase: "reconnecting",
      plan: { grant: "ticket", inMs: 0 },
    });
  });
});
