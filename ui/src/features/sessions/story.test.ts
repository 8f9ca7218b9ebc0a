import { describe, expect, it } from "vitest";
import type { TimelineEntry } from "@/api/types";
import { actor, cause } from "./story";

const entry = (fields: Partial<TimelineEntry>) => fields as TimelineEntry;

describe("the timeline in words", () => {
  it.each([
    ["usr-1", "you"],
    ["usr-2", "another user"],
    ["agent:agt-9", "the agent"],
    ["system", "StreamSpace"],
  ])("%s is %s", (who, words) => expect(actor(entry({ actor: who }), "usr-1")).toBe(words));

  it("shows a cause that it does not know as it is", () => {
    expect(cause(entry({ cause: "wake_requested" }))).toBe("Wake requested");
    expect(cause(entry({ cause: "moon_phase" }))).toBe("moon phase");
  });
});
