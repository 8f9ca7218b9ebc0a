import { describe, expect, it } from "vitest";
import type { AuditEntry } from "@/api/audit";
import { actorName, outcomeWords, targetName, viaWords } from "./words";

const entry: AuditEntry = {
  id: "aud-1",
  sequence: null,
  at: "2026-11-22T12:00:00Z",
  actor: { id: "usr-1", name: "" },
  via: "",
  action: "auth.login",
  target: null,
  source_ip: "192.0.2.7",
  user_agent: "",
  request_id: "",
  outcome: "refused",
  code: "wrong_credentials",
  facts: {},
  previous_hash: null,
  hash: null,
};

describe("an entry in words", () => {
  it("names who and what as well as it can", () => {
    expect(actorName(entry)).toBe("usr-1");
    expect(actorName({ ...entry, actor: { id: "", name: "" } })).toBe("Somebody not signed in");
    expect(targetName(entry)).toBe("–");
    expect(targetName({ ...entry, target: { type: "api_key", id: "key-1", name: "" } })).toBe("api key key-1");
  });

  it("says how somebody was let in, and why not", () => {
    expect(viaWords("sign-in:sgn-1")).toBe("Signed in (sgn-1)");
    expect(viaWords("api-key:key-1")).toBe("API key (key-1)");
    expect(viaWords("")).toMatch(/anonymous/);
    expect(outcomeWords(entry)).toBe("Refused (wrong credentials)");
  });
});
