import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { EnrollmentToken } from "@/api/types";
import { placeName, platformName, PLATFORMS, platformOf } from "./platforms";

describe("platforms", () => {
  it("have a name, also those that nobody has heard of", () => {
    expect([placeName("docker"), placeName("kubernetes")]).toEqual(["Docker host", "Kubernetes cluster"]);
    expect([placeName("vcenter"), platformName("vcenter")]).toEqual(["vcenter", "vcenter"]);
    expect([platformName("docker"), platformName("kubernetes")]).toEqual(["Docker", "Kubernetes"]);
  });

  it("that this UI cannot install get the token as it is", () => {
    const other = platformOf("vcenter");
    expect(other.command({ token: "sse_1" } as EnrollmentToken)).toBe("sse_1");
    expect(JSON.stringify(other)).not.toMatch(/docker/i);
  });

  it("each have their own words", () => {
    for (const { id, ...words } of PLATFORMS) {
      for (const other of PLATFORMS.filter((each) => each.id !== id)) {
        expect(JSON.stringify(words)).not.toContain(other.name);
      }
    }
  });

  it("are spoken of by name here only", () => {
    const src = new URL("../../", import.meta.url);
    const speaking = readdirSync(src, { recursive: true, encoding: "utf-8" })
      .filter((path) => /\.tsx?$/.test(path) && !/\.test\.ts$|schema\.d\.ts$|controllers\/platforms\.ts$/.test(path))
      .filter((path) => /docker|kubernetes|helm|kubectl|namespace|\bpods?\b/i.test(code(readFileSync(new URL(path, src), "utf-8"))));
    expect(speaking).toEqual([]);
  });
});

/** Without comments, which users do not see. */
const code = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
