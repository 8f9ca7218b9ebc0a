import { describe, expect, it } from "vitest";
import { problemOf } from "@/api/problem";
import { signInMessage } from "./signInProblem";

const message = (status: number, code: string, retryAfter: string | null = null) =>
  signInMessage(problemOf(status, { code, detail: "What the server says." }, retryAfter));

describe("a refused sign-in", () => {
  it("does not tell which of the two is wrong", () => {
    expect(message(401, "wrong_credentials").text).toBe("The e-mail address or the password is wrong.");
  });

  it("says how long the account is locked", () => {
    expect(message(429, "locked", "1").text).toContain("Try again in 1 second.");
    expect(message(429, "locked", "40").text).toContain("Try again in 40 seconds.");
    expect(message(429, "locked", "600").text).toContain("Try again in 10 minutes.");
    expect(message(429, "locked").text).toBe("What the server says.");
  });

  it("asks for the tenant when there are several", () => {
    expect(message(409, "tenant_required")).toMatchObject({ needsTenant: true, header: "Which tenant?" });
  });

  it("blames the connection when it is the connection", () => {
    expect(message(503, "unavailable").header).toBe("StreamSpace does not answer");
  });
});
