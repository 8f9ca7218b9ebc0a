import { describe, expect, it, vi } from "vitest";
import { Problem } from "./problem";
import { AccessTokens } from "./tokens";

const answer = (token: string) => Response.json({ access_token: token, token_type: "Bearer", expires_in: 900 });
const refusal = (status: number) => Response.json({ code: "signed_out", detail: "Please sign in." }, { status });

function setUp(...answers: (() => Response)[]) {
  let now = 0;
  const fetch = vi.fn(async () => {
    await Promise.resolve();
    const next = answers.shift();
    if (!next) throw new TypeError("network");
    return next();
  });
  const tokens = new AccessTokens({ fetch, now: () => now, serialise: (work) => work() });
  return { tokens, fetch, advance: (seconds: number) => (now += seconds * 1000) };
}

describe("access tokens", () => {
  it("renews once for any number of calls at the same time", async () => {
    const { tokens, fetch } = setUp(() => answer("a"));
    expect(await Promise.all([tokens.current(), tokens.current(), tokens.current()])).toEqual(["a", "a", "a"]);
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it("renews a little before the token ends", async () => {
    const { tokens, fetch, advance } = setUp(
      () => answer("a"),
      () => answer("b"),
    );
    await tokens.current();
    advance(869);
    expect(await tokens.current()).toBe("a");
    advance(2);
    expect(await tokens.current()).toBe("b");
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it("does not renew again for a token that another call has already replaced", async () => {
    const { tokens, fetch } = setUp(
      () => answer("a"),
      () => answer("b"),
    );
    await tokens.current();
    expect(await Promise.all([tokens.replace("a"), tokens.replace("a")])).toEqual(["b", "b"]);
    expect(await tokens.replace("a")).toBe("b");
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it("signs out when the cookie is refused, and only then", async () => {
    const { tokens } = setUp(
      () => refusal(503),
      () => refusal(401),
    );
    const signedOut = vi.fn();
    tokens.onSignedOut(signedOut);
    await expect(tokens.current()).rejects.toMatchObject({ status: 503, temporary: true });
    expect(signedOut).not.toHaveBeenCalled();
    await expect(tokens.current()).rejects.toMatchObject({ status: 401, code: "signed_out" });
    expect(signedOut).toHaveBeenCalledTimes(1);
  });

  it("takes a broken network for what it is", async () => {
    const { tokens } = setUp();
    await expect(tokens.current()).rejects.toMatchObject({ status: 0, code: "unreachable" });
    await expect(tokens.current()).rejects.toBeInstanceOf(Problem);
  });

  it("takes turns with other tabs", async () => {
    const order: string[] = [];
    const tokens = new AccessTokens({
      fetch: () => Promise.resolve(answer("a")),
      now: () => 0,
      serialise: async (work) => {
        order.push("locked");
        const done = await work();
        order.push("freed");
        return done;
      },
    });
    await tokens.current();
    expect(order).toEqual(["locked", "freed"]);
  });
});
