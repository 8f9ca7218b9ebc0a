import { describe, expect, it } from "vitest";
import { HOME, returnPath } from "./returnPath";

const here = "https://streams.example";
const to = (wanted: unknown) => returnPath(wanted, here);

describe("the way back after sign-in", () => {
  it("leads to a page of this site", () => {
    expect(to("/sessions/ses-1/view?view-only#x")).toBe("/sessions/ses-1/view?view-only#x");
  });

  it.each([
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "javascript:alert(1)",
    "https:evil.example",
    "",
    null,
    undefined,
    { path: "/sessions" },
  ])("is not %j", (wanted) => expect(to(wanted)).toBe(HOME));

  it("does not become another site by dot segments", () => {
    expect(to("/.//evil.example")).toBe("/evil.example");
    expect(to("/x/..//evil.example")).toBe("/evil.example");
  });
});
