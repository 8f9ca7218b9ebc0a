import { describe, expect, it } from "vitest";
import type { Agent } from "@/api/types";
import { afterRevoking, complaints, keyAge } from "./agents";

const agent = (id: string, state: Agent["state"]) => ({ id, state }) as Agent;
const [one, two, three] = [agent("agt-1", "active"), agent("agt-2", "active"), agent("agt-3", "silent")];

describe("an agent of a controller", () => {
  it("has a key of some age", () => {
    const now = Date.parse("2026-11-22T10:00:00Z");
    expect(keyAge("2026-11-22T09:00:00Z", now)).toBe("Less than a day");
    expect(keyAge("2026-11-21T09:00:00Z", now)).toBe("1 day");
    expect(keyAge("2026-10-23T10:00:00Z", now)).toBe("30 days");
    expect(keyAge("2026-11-22T10:05:00Z", now)).toBe("Less than a day");
  });

  it("leaves the controller with somebody, or with nobody", () => {
    expect(afterRevoking([one], one)).toContain("only agent");
    expect(afterRevoking([one, three], one)).toContain("No other agent is active");
    expect(afterRevoking([one, two, three], one)).toContain("takes over");
    expect(afterRevoking([one, two, three], three)).toBe("2 active agents take over its work.");
  });

  it("complains only of what fails", () => {
    const fine = { state: "ok" as const, reason: null };
    const docker = { state: "failing" as const, reason: { code: "x", message: "Docker does not answer." } };
    expect(complaints({ health: { polling: fine, platform: docker, streaming: fine } })).toEqual([
      "Platform: Docker does not answer.",
    ]);
    const unknown = { state: "unknown" as const, reason: null };
    expect(complaints({ health: { polling: unknown, platform: fine, streaming: unknown } })).toEqual([]);
  });
});
