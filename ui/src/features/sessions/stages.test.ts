import { describe, expect, it } from "vitest";
import { percent, steps } from "./stages";

const words = (...args: Parameters<typeof steps>) =>
  steps(...args)
    .map(({ status }) => status)
    .join(" ");

describe("the stages of a start", () => {
  it.each([
    ["pending", null, "active waiting waiting waiting waiting waiting"],
    ["starting", "pulling", "done done active waiting waiting waiting"],
    ["waking", "connecting", "done done done done active waiting"],
    ["failed", "creating", "done done done failed waiting waiting"],
    ["running", "ready", "done done done done done done"],
    ["running", null, "done done done done done done"],
  ] as const)("%s at %s", (state, stage, expected) => expect(words({ state, stage })).toBe(expected));

  it("knows how much of an image is there", () => {
    expect(percent({ done: 50, total: 200 })).toBe(25);
    expect(percent({ done: 300, total: 200 })).toBe(100);
    expect(percent({ done: 5, total: 0 })).toBeNull();
    expect(percent(null)).toBeNull();
  });
});
