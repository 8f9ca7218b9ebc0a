/**
 * Cloudscape's design tokens under short names, for our own style sheets. They follow light and dark.
 *
 * They come from the components' own package (an alias in vite.config.ts): the names carry a hash, and those of
 * the separate token package are other ones, so that what they say is not what the components use.
 */
import * as awsui from "cloudscape-tokens";

const TOKENS: Readonly<Record<string, string>> = {
  "--ss-page": awsui.colorBackgroundLayoutMain,
  "--ss-card": awsui.colorBackgroundContainerContent,
  "--ss-border": awsui.colorBorderDividerDefault,
  "--ss-text": awsui.colorTextBodyDefault,
  "--ss-muted": awsui.colorTextBodySecondary,
  "--ss-accent": awsui.colorBackgroundButtonPrimaryDefault,
  "--ss-radius": awsui.borderRadiusContainer,
  "--ss-font": awsui.fontFamilyBase,
};

export function startTokens(): void {
  for (const [name, value] of Object.entries(TOKENS)) document.body.style.setProperty(name, value);
}
