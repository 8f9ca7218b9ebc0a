import { describe, expect, it } from "vitest";
import { placeOf, sectionsFor } from "./places";

const hrefs = (permissions: string[]) =>
  sectionsFor(permissions).flatMap(({ places }) => places.map(({ href }) => href));

describe("the side navigation", () => {
  it("shows what everybody may use, and no empty section", () => {
    expect(hrefs([]).slice(0, 2)).toEqual(["/catalog", "/sessions"]);
    expect(sectionsFor([]).every(({ places }) => places.length > 0)).toBe(true);
  });

  it("shows an entry to those with its permission", () => {
    expect(hrefs([])).not.toContain("/controllers");
    expect(hrefs(["controllers:read"])).toContain("/controllers");
  });

  it("marks the entry that a page is under", () => {
    const sections = sectionsFor([]);
    expect(placeOf(sections, "/sessions/ses-1")?.href).toBe("/sessions");
    expect(placeOf(sections, "/sessions-of-old")).toBeUndefined();
  });
});
