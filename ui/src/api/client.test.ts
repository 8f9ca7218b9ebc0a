import { describe, expect, it, vi } from "vitest";
import { authorised, unwrap } from "./client";
import { Problem } from "./problem";

const tokens = () => ({
  current: vi.fn(() => Promise.resolve("old")),
  replace: vi.fn(() => Promise.resolve("new")),
});
const post = () => new Request("http://localhost/v1/sessions", { method: "POST", body: '{"template_id":"t"}' });

describe("authorised calls", () => {
  it("repeats a refused call once, with the same body and a new token", async () => {
    const seen: [string | null, string][] = [];
    const access = tokens();
    const send = authorised(async (request) => {
      seen.push([request.headers.get("Authorization"), await request.text()]);
      return new Response(null, { status: seen.length === 1 ? 401 : 201 });
    }, access);
    expect((await send(post())).status).toBe(201);
    expect(seen).toEqual([
      ["Bearer old", '{"template_id":"t"}'],
      ["Bearer new", '{"template_id":"t"}'],
    ]);
    expect(access.replace).toHaveBeenCalledWith("old");
  });

  it("does not repeat for ever", async () => {
    const network = vi.fn(() => Promise.resolve(new Response(null, { status: 401 })));
    expect((await authorised(network, tokens())(post())).status).toBe(401);
    expect(network).toHaveBeenCalledTimes(2);
  });

  it("signs in without a token", async () => {
    const access = tokens();
    const send = authorised(() => Promise.resolve(new Response()), access);
    await send(new Request("http://localhost/v1/auth/login", { method: "POST" }));
    expect(access.current).not.toHaveBeenCalled();
  });

  it("turns a lost network into a problem", async () => {
    const send = authorised(() => Promise.reject(new TypeError("Failed to fetch")), tokens());
    await expect(send(post())).rejects.toMatchObject({ status: 0, temporary: true });
  });
});

describe("unwrap", () => {
  it("hands out the data of a success", async () => {
    await expect(unwrap(Promise.resolve({ data: 1, response: new Response() }))).resolves.toBe(1);
  });

  it("throws what the server says, with the wait", async () => {
    const response = new Response(null, { status: 429, headers: { "Retry-After": "12" } });
    const error = { code: "locked", detail: "Too many failed attempts." };
    const thrown = await unwrap(Promise.resolve({ error, response })).catch((caught: unknown) => caught);
    expect(thrown).toBeInstanceOf(Problem);
    expect(thrown).toMatchObject({ code: "locked", retryAfterSeconds: 12, message: "Too many failed attempts." });
  });
});
