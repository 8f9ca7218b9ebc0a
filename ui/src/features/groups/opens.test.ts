import { describe, expect, it } from "vitest";
import { closedTo, openedBy } from "./opens";

const row = (name: string, ...group_ids: string[]) => ({ id: name, name, group_ids });

describe("a group", () => {
  it("opens what names it, not what is for everybody", () => {
    const rows = [row("Terminal"), row("Sketch", "design", "press"), row("Figure", "design"), row("Ledger", "finance")];
    expect(openedBy("design", rows).map(({ name }) => name)).toEqual(["Figure", "Sketch"]);
  });

  it("is named where something is not for everybody", () => {
    expect(closedTo([], [])).toBeNull();
    expect(closedTo(["a"], ["Design"])).toBe("Only for members of Design.");
    expect(closedTo(["a", "b", "c"], ["Art", "Design", "Press"])).toBe("Only for members of Art, Design or Press.");
  });
});
