import { describe, expect, it } from "vitest";
import type { Controller } from "@/api/types";
import { alsoTrue, stateLook, stateReason, takesSessions } from "./health";

const fine = { state: "ok", reason: null };
const controller = (change: object) =>
  ({
    state: "online",
    cordoned: false,
    drain: null,
    paused: null,
    health: { polling: fine, platform: fine, streaming: fine },
    ...change,
  }) as unknown as Controller;
const drain = (remaining: number) => ({ mode: "finish", since: "2026-11-22T10:00:00Z", reason: null, remaining });

describe("a controller's state in words", () => {
  it("tells a cordon, a drain and its end apart", () => {
    const label = (change: object) => stateLook(controller({ state: "draining", ...change })).label;
    expect(label({ cordoned: true })).toBe("Cordoned");
    expect(label({ drain: drain(2) })).toBe("Draining");
    expect(label({ drain: drain(0), cordoned: true })).toBe("Drained");
  });

  it("does not hide a drain or a cordon behind another state, nor say it twice", () => {
    expect(alsoTrue(controller({ state: "paused", drain: drain(1) }))).toBe("Draining");
    expect(alsoTrue(controller({ state: "lost", cordoned: true }))).toBe("Cordoned");
    expect(alsoTrue(controller({ state: "draining", drain: drain(1), cordoned: true }))).toBeNull();
    expect(alsoTrue(controller({}))).toBeNull();
  });

  it("takes no sessions when it is paused, drained, cordoned or silent", () => {
    const taking = [{}, { state: "degraded" }].map((change) => takesSessions(controller(change)));
    expect(taking).toEqual([true, true]);
    for (const change of [{ state: "paused" }, { state: "lost" }, { cordoned: true }, { drain: drain(0) }]) {
      expect(takesSessions(controller(change))).toBe(false);
    }
  });

  it("says why it is degraded", () => {
    const platform = { state: "failing", reason: { code: "docker_unavailable", message: "Docker does not answer." } };
    expect(stateReason(controller({ state: "degraded", health: { polling: fine, platform, streaming: fine } }))).toBe(
      "Failing: platform.",
    );
    expect(stateReason(controller({ state: "degraded" }))).toContain("missed");
  });
});
