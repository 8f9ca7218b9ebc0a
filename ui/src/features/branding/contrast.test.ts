import { describe, expect, it } from "vitest";
import { contrast, inkOn, readableOn, rgb } from "./contrast";

describe("contrast", () => {
  it("is what the standard says", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
    expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
    expect(contrast("#ffffff", "#777777")).toBeCloseTo(4.48, 2);
  });

  it("writes dark on light and light on dark", () => {
    expect(inkOn("#ffe14d")).toBe("#000000");
    expect(inkOn("#14304f")).toBe("#ffffff");
  });

  it("leaves a colour that is readable as it is", () => {
    expect(readableOn("#14304f", "#ffffff")).toBe("#14304f");
  });

  it("makes any colour readable on any background", () => {
    for (const colour of ["#ffffff", "#000000", "#ffe14d", "#7f7f7f", "#14304f", "#e0004d"]) {
      for (const background of ["#ffffff", "#161d26", "#777777"]) {
        expect(contrast(readableOn(colour, background), background)).toBeGreaterThanOrEqual(4.47);
        expect(contrast(inkOn(colour), colour)).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it("knows what a colour is", () => {
    expect(rgb("#0a0B0c")).toEqual([10, 11, 12]);
    for (const wrong of ["#fff", "red", "#12345g", "0a0b0c", ""]) expect(rgb(wrong)).toBeNull();
  });
});
