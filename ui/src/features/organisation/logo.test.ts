import { describe, expect, it } from "vitest";
import { logoOf, MAX_LOGO_BYTES } from "./logo";

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const file = (start: readonly number[], length = 64) => Uint8Array.from({ length }, (_, index) => start[index] ?? 7);
const ascii = (text: string) => Array.from(text, (char) => char.charCodeAt(0));

describe("a logo", () => {
  it("is a picture of a known type, under that type", () => {
    expect(logoOf(file(PNG))).toMatchObject({
      url: expect.stringMatching(/^data:image\/png;base64,iVBORw0KGgo/) as string,
    });
    expect(logoOf(file([0xff, 0xd8, 0xff]))).toMatchObject({
      url: expect.stringMatching(/^data:image\/jpeg/) as string,
    });
    expect(logoOf(file(ascii("RIFF....WEBPVP8 ")))).toMatchObject({
      url: expect.stringMatching(/^data:image\/webp/) as string,
    });
  });

  it("is not a document that can carry scripts, nor a file by another name", () => {
    for (const text of ["<svg xmlns=", "GIF89a", "<!doctype html>", "RIFF....WAVEfmt "]) {
      expect(logoOf(file(ascii(text)))).toHaveProperty("problem");
    }
    expect(logoOf(new Uint8Array())).toHaveProperty("problem");
  });

  it("has a limited size", () => {
    expect(logoOf(file(PNG, MAX_LOGO_BYTES))).toHaveProperty("url");
    expect(logoOf(file(PNG, MAX_LOGO_BYTES + 1))).toMatchObject({
      problem: expect.stringContaining("65 KiB") as string,
    });
  });
});
