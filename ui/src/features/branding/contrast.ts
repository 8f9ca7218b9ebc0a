/**
 * Colours that stay readable, whichever an organisation chooses.
 * Source: WCAG 2.2, "relative luminance", "contrast ratio" and success criteria 1.4.3 (text, 4.5) and 1.4.11
 * (controls, 3).
 */
export const TEXT_CONTRAST = 4.5;
export const CONTROL_CONTRAST = 3;

type Rgb = readonly [number, number, number];

const STEPS = 50;

/** `#rrggbb` as red, green and blue of 0 to 255; null for anything else. */
export function rgb(colour: string): Rgb | null {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (!match) return null;
  const [, red = "", green = "", blue = ""] = match;
  return [parseInt(red, 16), parseInt(green, 16), parseInt(blue, 16)];
}

/** 1 (the same) to 21 (black on white). */
export function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Black or white, whichever is easier to read on this. */
export const inkOn = (background: string): string =>
  contrast("#ffffff", background) >= contrast("#000000", background) ? "#ffffff" : "#000000";

/** The colour itself if it stands out enough from the background, or else the nearest tint or shade that does. */
export function readableOn(colour: string, background: string, wanted = TEXT_CONTRAST): string {
  const towards = inkOn(background);
  for (let step = 0; step <= STEPS; step += 1) {
    const tried = mix(colour, towards, step / STEPS);
    if (contrast(tried, background) >= wanted) return tried;
  }
  return towards;
}

/** `share` 0 is the first colour, 1 the second. */
export function mix(one: string, other: string, share: number): string {
  const [a, b] = [rgb(one), rgb(other)];
  if (!a || !b) return one;
  const parts = a.map((part, index) => Math.round(part + ((b[index] ?? 0) - part) * share));
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

function luminance(colour: string): number {
  const [red, green, blue] = (rgb(colour) ?? [0, 0, 0]).map(linear) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function linear(part: number): number {
  const share = part / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}
