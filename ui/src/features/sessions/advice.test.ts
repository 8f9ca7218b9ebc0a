import { describe, expect, it } from "vitest";
import { advice } from "./advice";

describe("what can be done about a reason", () => {
  it("does not ask to wake what starts by itself", () => {
    expect(advice("platform_unavailable", "pending")?.text).toContain("starts by itself");
    expect(advice("platform_unavailable", "pending")?.text).not.toMatch(/wake/i);
    expect(advice("platform_unavailable", "failed")?.text).toContain("Then wake the session.");
  });

  it("says of a pause that it ends by itself, wherever the session is on its way", () => {
    for (const state of ["pending", "starting", "waking", "hibernating", "terminating"] as const) {
      expect(advice("controller_paused", state)?.text).toContain("by itself");
    }
    expect(advice("paused", "pending")?.text).toContain("by itself");
  });

  it("says of a session that was moved away how it goes on, and of one that waits what it waits for", () => {
    expect(advice("controller_draining", "hibernated")?.text).toContain("Wake the session");
    expect(advice("controller_draining", "pending")?.text).toContain("drain");
  });

  it("knows what a cluster's reasons ask of whom", () => {
    for (const code of ["unschedulable", "evicted", "node_lost"]) {
      expect(advice(code, "failed")?.text).toContain("Wake the session");
    }
    for (const code of ["home_pending", "policy_refused", "platform_unauthorized", "name_taken", "home_taken"]) {
      expect(advice(code, "failed")?.text).toMatch(/Ask an administrator .* Then wake the session\.$/);
    }
  });

  it("keeps still where nothing is wrong or nothing is known", () => {
    expect(advice("no_memory", "running")).toBeNull();
    expect(advice("moon_phase", "failed")).toBeNull();
  });
});
