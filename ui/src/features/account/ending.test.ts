import { describe, expect, it } from "vitest";
import { Problem } from "@/api/problem";
import { endingOf } from "./ending";

describe("why somebody may not go on", () => {
  it.each([
    ["tenant_suspended", "suspended"],
    ["tenant_deleting", "deleted"],
    ["address_not_allowed", "address"],
    ["forbidden", null],
    ["constructor", null],
  ])("%s: %s", (code, ending) => {
    expect(endingOf(new Problem(403, code, "No."))).toBe(ending);
  });
});
