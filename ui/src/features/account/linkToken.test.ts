import { describe, expect, it, vi } from "vitest";
import { takeToken } from "./linkToken";

const tab = (pathname: string, hash: string) => ({
  location: { pathname, search: "?lang=en", hash },
  history: { state: { idx: 0 }, replaceState: vi.fn() },
});

describe("the token of a link in a mail", () => {
  it("is taken out of the address", () => {
    const opened = tab("/invitation", "#token=eyJ.a-b_c.d");
    expect(takeToken(opened)).toEqual({ path: "/invitation", token: "eyJ.a-b_c.d" });
    expect(opened.history.replaceState).toHaveBeenCalledWith({ idx: 0 }, "", "/invitation?lang=en");
  });

  it.each([
    ["/invitation", ""],
    ["/invitation", "#token="],
    ["/sessions", "#token=x"],
  ])("is nothing in %s%s", (path, hash) => {
    const opened = tab(path, hash);
    expect(takeToken(opened)).toBeNull();
    expect(opened.history.replaceState).not.toHaveBeenCalled();
  });
});
