import { describe, expect, it } from "vitest";
import { accessErrors, accessForm, accessSettings, imagesProblem, lines, shutsOut } from "./settingsForm";

const settings = {
  allowed_images: ["streamspace/*"],
  ip_allow_list: ["192.0.2.0/24", "2001:db8::/32"],
  password_min_length: 12,
  invitation_days: 7,
};
const form = accessForm(settings);

describe("the form for access settings", () => {
  it("keeps what it was given", () => {
    const { ip_allow_list, password_min_length, invitation_days } = settings;
    expect(accessSettings(form)).toEqual({ ip_allow_list, password_min_length, invitation_days });
    expect(accessErrors(form)).toEqual({});
  });

  it("reads lines, commas and repetitions", () => {
    expect(lines(" 192.0.2.1,\n\n192.0.2.1\n10.0.0.0/8 ")).toEqual(["192.0.2.1", "10.0.0.0/8"]);
  });

  it("names the field that is wrong", () => {
    expect(accessErrors({ networks: "10.0.0.0/8\noffice", passwordLength: "9", invitationDays: "31" })).toEqual({
      networks: expect.stringContaining("office") as string,
      passwordLength: "Use a whole number from 10 to 128.",
      invitationDays: "Use a whole number from 1 to 30.",
    });
    expect(accessErrors({ ...form, passwordLength: "" })).toHaveProperty("passwordLength");
    expect(accessErrors({ ...form, passwordLength: "12.5" })).toHaveProperty("passwordLength");
  });

  it("knows when it would shut its own author out", () => {
    expect(shutsOut(form, "198.51.100.1")).toBe(true);
    expect(shutsOut(form, "192.0.2.200")).toBe(false);
    expect(shutsOut({ ...form, networks: "" }, "198.51.100.1")).toBe(false);
    expect(shutsOut(form, null)).toBe(false);
    expect(shutsOut({ ...form, networks: "office" }, "198.51.100.1")).toBe(false);
  });
});

describe("image patterns", () => {
  it("have no spaces and some bound", () => {
    expect(imagesProblem(["ghcr.io/acme/*", "streamspace/desktop:2"])).toBeNull();
    expect(imagesProblem(["two words"])).toContain("two words");
    expect(imagesProblem(["x".repeat(201)])).not.toBeNull();
  });
});
