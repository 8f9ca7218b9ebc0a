import { describe, expect, it } from "vitest";
import { admits, networkProblem } from "./networks";

describe("an allow list", () => {
  it.each([
    "192.0.2.0/24",
    "192.0.2.7",
    "0.0.0.0/0",
    "2001:db8::/32",
    "::1",
    "2001:db8:0:0:0:0:0:1/128",
    " 10.0.0.0/8 ",
  ])("takes %s", (line) => expect(networkProblem(line)).toBeNull());

  it.each([
    "",
    "office",
    "192.0.2.0/33",
    "192.0.2/24",
    "192.0.2.256",
    "01.2.3.4",
    "2001:db8::/129",
    "1::2::3",
    "10.0.0.0/8/9",
    "::/x",
  ])("does not take %j", (line) => expect(networkProblem(line)).toContain("is not a network"));

  it("asks for the network, not for an address inside of it", () => {
    expect(networkProblem("192.0.2.7/24")).toContain("first 24 bits");
    expect(networkProblem("2001:db8::1/32")).toContain("first 32 bits");
  });

  it("knows who is inside", () => {
    expect(admits([], "192.0.2.7")).toBe(true);
    expect(admits(["192.0.2.0/24"], "192.0.2.7")).toBe(true);
    expect(admits(["192.0.2.0/24"], "192.0.3.7")).toBe(false);
    expect(admits(["192.0.2.0/24"], "::ffff:192.0.2.7")).toBe(true);
    expect(admits(["198.51.100.4", "2001:db8::/32"], "2001:db8:1::9")).toBe(true);
    expect(admits(["::/0"], "192.0.2.7")).toBe(false);
    expect(admits(["0.0.0.0/0"], "not an address")).toBe(false);
  });
});
