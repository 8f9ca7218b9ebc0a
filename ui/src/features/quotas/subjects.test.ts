import { describe, expect, it } from "vitest";
import type { Quota } from "@/api/quotas";
import { subjectsOf } from "./subjects";

const limits = { sessions: 2, cpu: null, memory: null, gpu: null, storage: null };
const used = { sessions: 1, cpu: "1000m", memory: "1Gi", gpu: 0, storage: "0" };
const of = (scope: Quota["scope"], subject_id: string | null, inherited = false): Quota => ({
  scope,
  subject_id,
  limits,
  used,
  inherited,
});

describe("whose limits there are", () => {
  const found = subjectsOf(
    [of("tenant", null), of("user-default", null), of("user", "usr-2"), of("user", "usr-gone", true)],
    [{ id: "grp-1", name: "Research" }],
    [
      { id: "usr-2", name: "Zoe" },
      { id: "usr-1", name: "Ada" },
    ],
  );

  it("lists everybody by name, also those who have used nothing", () => {
    expect(found.members.map(({ name }) => name)).toEqual(["Ada", "usr-gone", "Zoe"]);
    expect(found.groups.map(({ name, quota }) => [name, quota.inherited])).toEqual([["Research", true]]);
  });

  it("gives members without limits of their own the default", () => {
    expect(found.members[0]?.quota).toMatchObject({ inherited: true, limits, used: { sessions: 0 } });
    expect(found.groups[0]?.quota.limits.sessions).toBeNull();
  });
});
