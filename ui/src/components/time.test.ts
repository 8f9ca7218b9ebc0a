import { afterEach, describe, expect, it } from "vitest";
import { clockTime, countdown, fullTime, isTimeZone, setTimeZone, zoneOffset } from "./time";

describe("a countdown", () => {
  it("has hours only where there are any, and never goes below nothing", () => {
    expect([75, 59.6, 0, -4].map(countdown)).toEqual(["1:15", "1:00", "0:00", "0:00"]);
    expect([3600, 3675, 86_399].map(countdown)).toEqual(["1:00:00", "1:01:15", "23:59:59"]);
  });
});

describe("times in the reader's zone", () => {
  afterEach(() => setTimeZone(undefined));

  it("shows the same moment in the zone that was chosen", () => {
    const moment = "2026-11-22T18:05:00Z";
    setTimeZone("Asia/Tokyo");
    expect(clockTime(moment)).toContain("3:05:00");
    expect(fullTime(moment)).toContain("23");
    setTimeZone("America/New_York");
    expect(clockTime(moment)).toContain("1:05:00");
  });

  it("knows how far the zone is from UTC, in summer and in winter", () => {
    setTimeZone("Europe/Berlin");
    expect(zoneOffset(new Date("2026-07-01T12:00:30Z"))).toBe(120);
    expect(zoneOffset(new Date("2026-12-01T00:30:00Z"))).toBe(60);
    setTimeZone("America/St_Johns");
    expect(zoneOffset(new Date("2026-12-01T00:30:00Z"))).toBe(-210);
  });

  it("falls back to the browser's zone for a name that nobody knows", () => {
    const before = clockTime("2026-11-22T18:05:00Z");
    setTimeZone("Mars/Olympus");
    expect(clockTime("2026-11-22T18:05:00Z")).toBe(before);
    expect(isTimeZone("Mars/Olympus")).toBe(false);
    expect(isTimeZone("")).toBe(false);
  });
});
