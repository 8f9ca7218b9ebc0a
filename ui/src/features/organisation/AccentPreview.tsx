import Box from "@cloudscape-design/components/box";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { accentLook } from "@/features/branding/accent";
import { contrast } from "@/features/branding/contrast";
import styles from "./organisation.module.css";

const MODES = [
  { name: "Light mode", dark: false },
  { name: "Dark mode", dark: true },
] as const;

/** How an accent will really look, and what was done to keep it readable. */
export function AccentPreview({ accent }: { accent: string }) {
  const looks = MODES.map((mode) => ({ ...mode, ...accentLook(accent, mode.dark) }));
  const adjusted = looks.filter(({ fill, text }) => fill !== accent || text !== accent);
  const worst = Math.min(
    ...looks.flatMap(({ fill, ink, text, ground }) => [contrast(ink, fill), contrast(text, ground)]),
  );
  return (
    <SpaceBetween size="xs">
      <div className={styles.previews}>
        {looks.map(({ name, fill, ink, text, ground }) => (
          <div key={name} className={styles.preview} style={{ background: ground, color: text }} aria-hidden="true">
            <span className={styles.button} style={{ background: fill, color: ink }}>
              Launch
            </span>
            <span className={styles.link}>A link</span>
          </div>
        ))}
      </div>
      <div data-testid="accent-contrast" data-adjusted={adjusted.length > 0}>
        <StatusIndicator type="success">{`Readable: the lowest contrast is ${worst.toFixed(1)} to 1`}</StatusIndicator>
        {adjusted.length > 0 && (
          <Box color="text-body-secondary" fontSize="body-s">
            {`${adjusted.map(({ name }) => name).join(" and ")}: a darker or lighter shade is used where this colour alone would be hard to read.`}
          </Box>
        )}
      </div>
    </SpaceBetween>
  );
}
