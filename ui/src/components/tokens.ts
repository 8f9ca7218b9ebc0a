/** Cloudscape's design tokens under short names, for our own style sheets. They follow light and dark. */
import * as awsui from "@cloudscape-design/design-tokens";

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
