import { describe, expect, it } from "vitest";
import type { Limits, Quota } from "@/api/quotas";
import { belowUse, errorsOf, formOf, limitsOf, type LimitsForm } from "./limitsForm";

const limits: Limits = { sessions: 0, cpu: "1500m", memory: null, gpu: null, storage: "0" };

describe("the form for limits", () => {
  it("keeps what it was given", () => {
    expect(limitsOf(formOf(limits))).toEqual(limits);
  });

  it("never takes a blank for zero or for no limit", () => {
    const blank: LimitsForm = { ...formOf(limits), memory: { choice: "limited", text: " " } };
    expect(errorsOf(blank)).toEqual({ memory: "Memory: Enter how much, such as 16Gi or 512Mi." });
    const zero: LimitsForm = { ...formOf(limits), memory: { choice: "limited", text: "0Gi" } };
    expect(errorsOf(zero).memory).toContain("choose “None”");
  });

  it.each([
    ["cpu", "2", true],
    ["cpu", "2500m", true],
    ["cpu", "2.5", true],
    ["cpu", "2 cores", false],
    ["cpu", "-1", false],
    ["memory", "16Gi", true],
    ["memory", "1500M", true],
    ["memory", "16gb", false],
    ["memory", "1e9", false],
    ["sessions", "12", true],
    ["sessions", "1.5", false],
    ["sessions", "2000000", false],
  ] as const)("%s %s: %s", (id, text, right) => {
    const form: LimitsForm = { ...formOf(limits), [id]: { choice: "limited", text } };
    expect(errorsOf(form)[id] === undefined).toBe(right);
  });

  it("says what is beyond the new limits already", () => {
    const quota: Quota = {
      scope: "tenant",
      subject_id: null,
      limits,
      used: { sessions: 3, cpu: "1000m", memory: "2Gi", gpu: 0, storage: "0" },
      inherited: false,
    };
    expect(belowUse(formOf(limits), quota)).toEqual(["Sessions: 3 in use"]);
  });
});
