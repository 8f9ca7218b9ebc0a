import { describe, expect, it } from "vitest";
import { typed } from "./keys";

const symbols = (before: string, after: string) => typed(before, after).map(({ keysym }) => keysym);

describe("text typed on a touch keyboard", () => {
  it.each([
    ["__", "__a", [0x61]],
    ["__", "_", [0xff08]],
    ["__teh", "__the", [0xff08, 0xff08, 0x68, 0x65]],
    ["", "\n", [0xff0d]],
    ["", "é", [0xe9]],
    ["", "€😀", [0x010020ac, 0x0101f600]],
    ["same", "same", []],
  ])("%j to %j", (before, after, expected) => expect(symbols(before, after)).toEqual(expected));
});
