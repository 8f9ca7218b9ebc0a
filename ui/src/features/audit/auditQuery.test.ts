import { describe, expect, it } from "vitest";
import { filterOf, isEmpty, paramsOf, searchOf } from "./auditQuery";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const read = (query: string) => searchOf(new URLSearchParams(query));

describe("a search of the audit log", () => {
  it.each([
    "",
    "actor=usr-1&action=user.invite&last=24h",
    "target=ses-1&outcome=refused&from=2026-11-01T00%3A00%3A00.000Z&to=2026-11-02T00%3A00%3A00.000Z",
  ])("survives its way through the address: %s", (query) => {
    expect(new URLSearchParams(paramsOf(read(query))).toString()).toBe(query);
  });

  it("counts relative times from now", () => {
    expect(filterOf(read("last=24h"), NOW)).toEqual({ from: "2026-11-21T12:00:00.000Z" });
    expect(filterOf(read("last=7d"), NOW)).toEqual({ from: "2026-11-15T12:00:00.000Z" });
  });

  it("drops what makes no sense in an address that somebody edited", () => {
    const search = read("last=ever&from=yesterday&to=2026-11-02T00:00:00Z&outcome=maybe&colour=red");
    expect(filterOf(search, NOW)).toEqual({});
    expect(isEmpty(read("last=0h&colour=red"))).toBe(true);
    expect(isEmpty(read("actor=usr-1"))).toBe(false);
  });
});
