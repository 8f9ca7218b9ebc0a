import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as awsui from "cloudscape-tokens";
import { accentTokens, property } from "./accent";
import { contrast } from "./contrast";

const read = (path: string) =>
  readFileSync(new URL(`../../../node_modules/@cloudscape-design/components/${path}`, import.meta.url), "utf8");

describe("an organisation's accent", () => {
  const of = (accent: string, dark: boolean) => new Map(accentTokens(accent, dark));

  it.each(["#ffe14d", "#000000", "#ffffff", "#14304f", "#e0004d"])("%s: buttons and links can be read", (accent) => {
    for (const [dark, ground] of [
      [false, "#ffffff"],
      [true, "#161d26"],
    ] as const) {
      const values = of(accent, dark);
      const value = (token: string) => values.get(token) ?? "";
      const button = value(awsui.colorBackgroundButtonPrimaryDefault);
      expect(contrast(value(awsui.colorTextButtonPrimaryDefault), button)).toBeGreaterThanOrEqual(4.5);
      expect(
        contrast(value(awsui.colorTextButtonPrimaryHover), value(awsui.colorBackgroundButtonPrimaryHover)),
      ).toBeGreaterThanOrEqual(4.5);
      expect(contrast(button, ground)).toBeGreaterThanOrEqual(3);
      expect(contrast(value(awsui.colorTextLinkDefault), ground)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("names properties that the components really use", () => {
    const used = ["button", "link", "segmented-control"].map((each) => read(`${each}/styles.scoped.css`)).join();
    expect(used).toContain(property(awsui.colorBackgroundButtonPrimaryDefault));
    expect(used).toContain(property(awsui.colorTextLinkDefault));
    for (const [token] of accentTokens("#14304f", false)) expect(property(token)).toMatch(/^--color/);
  });
});
