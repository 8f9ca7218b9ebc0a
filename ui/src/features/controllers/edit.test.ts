import { describe, expect, it } from "vitest";
import type { Controller } from "@/api/types";
import { formOf, isFine, patchOf, problemsOf } from "./edit";

const controller = {
  name: "workshop",
  labels: { site: "berlin" },
  session_limit: null,
  group_ids: ["grp-1", "grp-2"],
} as unknown as Controller;
const form = (change: object) => ({ ...formOf(controller), ...change });

describe("the form of a controller", () => {
  it("changes nothing by itself, in whatever order the groups are", () => {
    expect(patchOf(controller, formOf(controller))).toBeNull();
    expect(patchOf(controller, form({ groupIds: ["grp-2", "grp-1"], name: " workshop " }))).toBeNull();
  });

  it("sends what differs", () => {
    expect(patchOf(controller, form({ sessionLimit: "4" }))).toEqual({ session_limit: 4 });
    expect(patchOf(controller, form({ groupIds: [] }))).toEqual({ group_ids: [] });
    expect(patchOf(controller, form({ labels: [{ key: "site ", value: "bonn" }] }))).toEqual({
      labels: { site: "bonn" },
    });
    expect(patchOf({ ...controller, session_limit: 4 }, form({ sessionLimit: "" }))).toEqual({ session_limit: null });
  });

  it("names the field that is wrong", () => {
    expect(problemsOf(form({ name: " " })).name).toBeDefined();
    expect(["-1", "1.5", "many"].map((sessionLimit) => problemsOf(form({ sessionLimit })).sessionLimit)).not.toContain(
      undefined,
    );
    const labels = [
      { key: "a", value: "" },
      { key: "a", value: "" },
      { key: "", value: "x" },
    ];
    expect(problemsOf(form({ labels })).labels.map((problem) => problem === undefined)).toEqual([true, false, false]);
    expect(isFine(problemsOf(formOf(controller)))).toBe(true);
    expect(isFine(problemsOf(form({ labels })))).toBe(false);
  });
});
