import { describe, expect, it } from "vitest";
import { byteCount, cpuMillis, showBytes, showCores } from "./quantities";

describe("quantities", () => {
  it.each([
    ["1500m", 1500],
    ["2", 2000],
    ["0.5", 500],
    ["x", 0],
    [null, 0],
  ])("cpu %s", (text, millis) => expect(cpuMillis(text)).toBe(millis));
  it.each([
    ["2Gi", 2 ** 31],
    ["512Mi", 2 ** 29],
    ["1500M", 1.5e9],
    ["1024", 1024],
    ["1.5Gi", 1.5 * 2 ** 30],
    ["", 0],
  ])("bytes %s", (text, bytes) => expect(byteCount(text)).toBe(bytes));
  it("are shown as people write them", () => {
    expect([0, 900, 1536, 2 ** 31, 15.2 * 2 ** 30].map(showBytes)).toEqual([
      "0 B",
      "900 B",
      "1.5 KiB",
      "2 GiB",
      "15 GiB",
    ]);
    expect([500, 1000, 1250].map(showCores)).toEqual(["0.5 cores", "1 core", "1.25 cores"]);
  });
});
