import { describe, expect, it } from "vitest";
import type { Quota } from "@/api/types";
import { exceeded, meters } from "./usage";

const quota: Quota = {
  scope: "user",
  subject_id: "usr-1",
  limits: { sessions: 3, cpu: "4000m", memory: null, gpu: null },
  used: { sessions: 3, cpu: "3500m", memory: "2Gi", gpu: 0 },
  inherited: true,
};

describe("quotas", () => {
  it("become meters", () => {
    expect(meters(quota).map(({ usedText, limitText }) => `${usedText} of ${limitText}`)).toEqual([
      "3 of 3",
      "3.5 cores of 4 cores",
      "2 GiB of no limit",
    ]);
  });

  it("say what one more session would exceed", () => {
    expect(exceeded([quota], { cpu: "500m", memory: "64Gi" })).toEqual(["Your sessions: 3 of 3 in use"]);
    expect(exceeded([quota], { cpu: "1000m", memory: "1Gi" })).toHaveLength(2);
  });
});
