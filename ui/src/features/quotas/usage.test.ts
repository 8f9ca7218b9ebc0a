import { describe, expect, it } from "vitest";
import type { Quota } from "@/api/quotas";
import { exceeded, isUnlimited, meters, relevant } from "./usage";

const quota: Quota = {
  scope: "user",
  subject_id: "usr-1",
  limits: { sessions: 3, cpu: "4000m", memory: null, gpu: null, storage: "10Gi" },
  used: { sessions: 3, cpu: "3500m", memory: "2Gi", gpu: 0, storage: "8Gi" },
  inherited: true,
};
const none = { sessions: null, cpu: null, memory: null, gpu: null, storage: null };

describe("quotas", () => {
  it("become meters", () => {
    expect(meters(quota).map(({ usedText, limitText }) => `${usedText} of ${limitText}`)).toEqual([
      "3 of 3",
      "3.5 cores of 4 cores",
      "2 GiB of no limit",
      "0 of no limit",
      "8 GiB of 10 GiB",
    ]);
  });

  it("leave out GPUs that nobody has or limits", () => {
    expect(relevant(quota).map(({ resource }) => resource)).toEqual(["sessions", "cpu", "memory", "storage"]);
    const zero = { ...quota, limits: { ...none, gpu: 0 } };
    expect(relevant(zero).map(({ resource }) => resource)).toContain("gpu");
  });

  it("tell no limit from zero", () => {
    expect(isUnlimited({ ...quota, limits: none })).toBe(true);
    expect(isUnlimited({ ...quota, limits: { ...none, gpu: 0 } })).toBe(false);
  });

  it("say what one more session would exceed", () => {
    expect(exceeded([quota], { cpu: "500m", memory: "64Gi" })).toEqual(["Your sessions: 3 of 3 in use"]);
    expect(exceeded([quota], { cpu: "1000m", memory: "1Gi" })).toHaveLength(2);
    expect(exceeded([{ ...quota, scope: "group" }], { cpu: "1m", memory: "1", storage: "4Gi" })).toEqual([
      "Your group's sessions: 3 of 3 in use",
      "Your group's storage: 8 GiB of 10 GiB in use",
    ]);
  });

  it("do not warn of a limit that the session does not touch", () => {
    const full = { ...quota, limits: { ...none, storage: "1Gi" } };
    expect(exceeded([full], { cpu: "500m", memory: "1Gi" })).toEqual([]);
  });
});
