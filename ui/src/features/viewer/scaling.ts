/** How the session's screen meets the window; this browser remembers the choice. */
export type Scaling = "resize" | "fit" | "original";

export const SCALINGS: readonly { id: Scaling; text: string; description: string }[] = [
  { id: "resize", text: "Match window", description: "The session's screen takes the size of this window" },
  { id: "fit", text: "Scale to fit", description: "The picture is scaled to this window" },
  { id: "original", text: "Original size", description: "One pixel for one pixel, with scroll bars" },
];

const KEY = "streamspace-scaling";

/** Matching the window keeps text readable at every size, a phone's too; it needs the permission to control. */
export function rememberedScaling(): Scaling {
  const stored = localStorage.getItem(KEY);
  const known = SCALINGS.find(({ id }) => id === stored);
  return known?.id ?? "resize";
}

export const rememberScaling = (scaling: Scaling): void => localStorage.setItem(KEY, scaling);
