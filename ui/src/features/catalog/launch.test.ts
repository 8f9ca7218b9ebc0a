import { describe, expect, it } from "vitest";
import type { Template } from "@/api/types";
import { errors, initial, request } from "./launch";

const template = { id: "tpl-1", resources: { cpu: "1500m", memory: "512Mi", gpu: 0, shm: "64Mi" } } as Template;

describe("the launch form", () => {
  it("sends nothing but the template when nothing was changed", () => {
    expect(request(template, initial(template))).toEqual({ template_id: "tpl-1" });
  });

  it("sends what was changed, in the API's quantities", () => {
    const form = { name: " Work ", cores: "2.5", gigabytes: "1.5", controllerId: "ctl-1" };
    expect(request(template, form)).toEqual({
      template_id: "tpl-1",
      name: "Work",
      resources: { cpu: "2500m", memory: "1536Mi" },
      controller_id: "ctl-1",
    });
    expect(request(template, { ...form, gigabytes: "4" }).resources).toEqual({ cpu: "2500m", memory: "4Gi" });
  });

  it("names the field that is wrong", () => {
    const form = initial(template);
    expect(errors(form)).toEqual({});
    expect(Object.keys(errors({ ...form, cores: "", gigabytes: "0", name: "x".repeat(81) }))).toEqual([
      "name",
      "cores",
      "gigabytes",
    ]);
  });
});
