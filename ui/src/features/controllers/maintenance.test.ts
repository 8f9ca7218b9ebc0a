import { describe, expect, it } from "vitest";
import { drainMeans, drainProgress, PAUSES, pauseLeft, reasonOf, USUAL_PAUSE } from "./maintenance";

describe("pause and drain", () => {
  it("offers a quarter of an hour to a day, within what the API takes", () => {
    const seconds = PAUSES.map((each) => each.seconds);
    expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
    expect([seconds[0], seconds.at(-1)]).toEqual([900, 86_400]);
    expect(seconds).toContain(USUAL_PAUSE);
  });

  it("counts down to the end, and then no further", () => {
    const now = Date.parse("2026-11-22T10:00:00Z");
    expect(pauseLeft("2026-11-22T10:15:00Z", now)).toBe("15:00");
    expect(pauseLeft("2026-11-22T12:00:01Z", now)).toBe("2:00:01");
    expect(pauseLeft("2026-11-22T10:00:00Z", now)).toBeNull();
    expect(pauseLeft("2026-11-22T09:59:00Z", now)).toBeNull();
  });

  it("says how far a drain is and what becomes of the rest", () => {
    expect(drainProgress({ remaining: 1 })).toBe("1 session left");
    expect(drainProgress({ remaining: 12 })).toBe("12 sessions left");
    expect(drainProgress({ remaining: 0 })).toBe("no session is left");
    expect(drainMeans({ mode: "move", remaining: 2 })).toContain("hibernated");
    expect(drainMeans({ mode: "finish", remaining: 2 })).not.toContain("hibernated");
    expect(drainMeans({ mode: "move", remaining: 0 })).toBe(drainMeans({ mode: "finish", remaining: 0 }));
  });

  it("sends no empty reason", () => {
    expect(reasonOf("  ")).toEqual({});
    expect(reasonOf(" New disks ")).toEqual({ reason: "New disks" });
  });
});
