import { describe, expect, it } from "vitest";
import type { ImportReport } from "@/api/types";
import {
  answered,
  EMPTY,
  failed,
  joined,
  LONGEST,
  placeOf,
  questions,
  request,
  summary,
  tooLarge,
  worthwhile,
  wrongWith,
} from "./asking";

const report = (dry_run: boolean, counts: Partial<ImportReport["counts"]>): ImportReport => ({
  dry_run,
  counts: { created: 0, planned: 0, exists: 0, skipped: 0, failed: 0, ...counts },
  items: [],
  unknown_images: [],
  unknown_users: [],
});

describe("an import", () => {
  it("says what is wrong with its text", () => {
    expect(wrongWith(EMPTY)).toMatch(/Paste/);
    expect(wrongWith({ ...EMPTY, manifests: "x".repeat(LONGEST + 1) })).toMatch(/too much/);
    expect(wrongWith({ ...EMPTY, manifests: "kind: Template" })).toBeNull();
  });

  it("asks for a trial or the real thing with the same answers", () => {
    const form = { ...EMPTY, manifests: "a", images: { old: "new" } };
    expect(request(form, true)).toMatchObject({ dry_run: true, images: { old: "new" } });
    expect(request(form, false)).toMatchObject({ dry_run: false, images: { old: "new" } });
  });

  it("makes one text of several files", () => {
    expect(joined(["a: 1\n", "", "b: 2"])).toBe("a: 1\n---\nb: 2");
  });

  it("leaves files alone that are longer than any text that is taken", () => {
    expect(tooLarge({ size: 4 * LONGEST })).toBeNull();
    expect(tooLarge({ size: 4 * LONGEST + 1 })).toMatch(/too large/);
  });

  it("does not say that nothing was done when it cannot know", () => {
    expect(failed("trial")).toBe("Nothing was imported");
    expect(failed("import")).toMatch(/halfway/);
  });

  it("goes on asking what was answered, so that an answer can be changed", () => {
    const images = answered({}, "old", "new");
    expect(questions(["other"], images)).toEqual([
      { name: "old", answer: "new" },
      { name: "other", answer: undefined },
    ]);
    expect(answered(images, "old", null)).toEqual({});
  });

  it("is summed up in a sentence", () => {
    expect(summary(report(true, { planned: 2, skipped: 1 }))).toBe("2 would be imported, 1 is left out.");
    expect(summary(report(false, { created: 1, exists: 3, failed: 1 }))).toBe(
      "1 was imported, 3 are here already, 1 did not work out.",
    );
    expect(worthwhile(report(true, { planned: 1 }))).toBe(true);
    expect(worthwhile(report(false, { created: 1 }))).toBe(false);
  });

  it("knows where to find what came of it", () => {
    const item = { kind: "session" as const, name: "n", outcome: "created" as const, reason: null, notes: [] };
    expect(placeOf({ ...item, id: "ses-1" })).toBe("/sessions/ses-1");
    expect(placeOf({ ...item, id: null })).toBeNull();
  });
});
