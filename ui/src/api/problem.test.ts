import { describe, expect, it } from "vitest";
import { asProblem, Problem, problemFrom, problemOf } from "./problem";

describe("problems", () => {
  it("keep the code, the sentence and the fields of a problem document", () => {
    const problem = problemOf(422, {
      code: "invalid",
      detail: "resources.memory: Use bytes.",
      errors: [{ field: "resources.memory", message: "Use bytes." }, { field: 7 }],
    });
    expect(problem).toMatchObject({ status: 422, code: "invalid", message: "resources.memory: Use bytes." });
    expect(problem.field("resources.memory")).toBe("Use bytes.");
    expect(problem.field("resources")).toBe("Use bytes.");
    expect(problem.field("name")).toBeUndefined();
  });

  it.each([
    [502, "<html>Bad gateway</html>"],
    [404, null],
    [500, { detail: 5 }],
  ])("say something readable when status %i comes without a document", (status, body) => {
    const problem = problemOf(status, body);
    expect(problem.message).toMatch(/^[A-Z].*\.$/);
    expect(problem.code).toBe(`http_${status}`);
  });

  it("read a response that is not JSON", async () => {
    const problem = await problemFrom(new Response("oops", { status: 503, headers: { "Retry-After": "3" } }));
    expect(problem).toMatchObject({ status: 503, retryAfterSeconds: 3, temporary: true });
  });

  it.each([
    [0, true],
    [423, true],
    [429, true],
    [503, true],
    [409, false],
    [422, false],
  ])("know that %i is temporary: %s", (status, temporary) =>
    expect(new Problem(status, "c", "m").temporary).toBe(temporary),
  );

  it("wrap what was thrown by mistake", () => {
    expect(asProblem(new Error("boom")).message).toBe("boom");
    expect(asProblem("boom").message).toBe("Something unexpected happened.");
  });

  it("list the tenants to choose from", () => {
    expect(problemOf(409, { code: "tenant_required", tenants: ["a", 1, "b"] }).tenants).toEqual(["a", "b"]);
  });
});
