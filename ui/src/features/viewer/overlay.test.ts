import { describe, expect, it } from "vitest";
import { next, start } from "./connectionMachine";
import { overlay } from "./overlay";

const session = (state: "running" | "hibernated" | "failed", message?: string) => ({
  name: "Desk",
  state,
  reason: message ? { code: "c", message } : null,
});
const connected = next(start(), { type: "connected" });

describe("what lies over the picture", () => {
  it("nothing, once there are pixels", () => {
    expect(overlay(session("running"), connected, true)).toBeNull();
    expect(overlay(session("running"), connected, false)?.kind).toBe("busy");
  });

  it("the session's own state before the connection's", () => {
    const dropped = next(connected, { type: "dropped", code: 1006, reason: "" });
    expect(overlay(session("running"), dropped, false)?.title).toBe("Reconnecting…");
    expect(overlay(session("hibernated"), dropped, false)?.actions).toContain("wake");
    expect(overlay(session("failed", "Out of memory."), dropped, false)?.text).toBe("Out of memory.");
  });

  it("the reason of an end", () => {
    const ended = next(connected, { type: "dropped", code: 4410, reason: "It was terminated." });
    expect(overlay(session("running"), ended, false)).toMatchObject({ kind: "over", text: "It was terminated." });
  });
});
