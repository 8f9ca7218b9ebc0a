/** An organisation's accent colour, put over Cloudscape's own blue wherever that stands for "ours". */
import * as awsui from "cloudscape-tokens";
import { CONTROL_CONTRAST, inkOn, mix, readableOn, rgb } from "./contrast";

/** Containers' backgrounds in Cloudscape's two modes: what text in the accent colour stands on. */
const GROUND = { light: "#ffffff", dark: "#161d26" } as const;
/** How far a button moves towards its ink under the pointer. */
const HOVER = 0.14;

export interface AccentLook {
  /** What links and outlines stand on. */
  ground: string;
  /** Links and outlines. */
  text: string;
  /** Filled buttons, and what is written on them. */
  fill: string;
  ink: string;
}

/** The colours that an accent becomes in one of the modes. */
export function accentLook(accent: string, dark: boolean): AccentLook {
  const ground = dark ? GROUND.dark : GROUND.light;
  // A filled button must stand out from the page; what is written on it, from the button.
  const fill = readableOn(accent, ground, CONTROL_CONTRAST);
  return { ground, text: readableOn(accent, ground), fill, ink: inkOn(fill) };
}

/** Design tokens and the values that this accent gives them. */
export function accentTokens(accent: string, dark: boolean): [token: string, value: string][] {
  const { ground, text, fill, ink } = accentLook(accent, dark);
  const pressed = mix(fill, ink === "#ffffff" ? "#000000" : "#ffffff", HOVER);
  const strong = mix(text, inkOn(ground), 0.3);
  return [
    [awsui.colorBackgroundButtonPrimaryDefault, fill],
    [awsui.colorBackgroundButtonPrimaryHover, pressed],
    [awsui.colorBackgroundButtonPrimaryActive, pressed],
    [awsui.colorTextButtonPrimaryDefault, ink],
    [awsui.colorTextButtonPrimaryHover, ink],
    [awsui.colorTextButtonPrimaryActive, ink],
    [awsui.colorBackgroundControlChecked, fill],
    [awsui.colorForegroundControlDefault, ink],
    [awsui.colorBackgroundSegmentActive, fill],
    [awsui.colorTextSegmentActive, ink],
    [awsui.colorBackgroundProgressBarValueDefault, fill],
    [awsui.colorBorderButtonNormalDefault, text],
    [awsui.colorBorderButtonNormalHover, strong],
    [awsui.colorBorderButtonNormalActive, strong],
    [awsui.colorTextButtonNormalDefault, text],
    [awsui.colorTextButtonNormalHover, strong],
    [awsui.colorTextButtonNormalActive, strong],
    [awsui.colorTextLinkDefault, text],
    [awsui.colorTextLinkHover, strong],
    [awsui.colorTextLinkButtonNormalDefault, text],
    [awsui.colorTextLinkButtonNormalHover, strong],
    [awsui.colorTextAccent, text],
    [awsui.colorTextSideNavigationItemActive, text],
    [awsui.colorBorderItemSelected, text],
    [awsui.colorBorderItemFocused, text],
    [awsui.colorBorderTabsUnderline, text],
  ];
}

/** The custom property behind a token: `var(--color-text-accent-1mglsg, #006ce0)`. */
export const property = (token: string): string | null => /^var\((--[\w-]+)/.exec(token)?.[1] ?? null;

/** Shows this accent from now on; null, or what is no colour, shows StreamSpace's own. The answer undoes it. */
export function applyAccent(accent: string | null, dark: boolean): () => void {
  if (!accent || !rgb(accent)) return () => undefined;
  const { style } = document.body;
  const set = accentTokens(accent, dark).flatMap(([token, value]) => {
    const name = property(token);
    return name ? [[name, value] as const] : [];
  });
  for (const [name, value] of set) style.setProperty(name, value);
  style.setProperty("--ss-brand", accent);
  return () => {
    for (const [name] of set) style.removeProperty(name);
    style.removeProperty("--ss-brand");
  };
}
