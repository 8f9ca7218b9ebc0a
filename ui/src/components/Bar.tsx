import Box from "@cloudscape-design/components/box";
import styles from "./Bar.module.css";

interface Props {
  label: string;
  value: number;
  max: number | null;
  text: string;
  testId?: string;
  /** For table cells: the column says what it is. */
  bare?: boolean;
}

const HIGH = 0.75;
const FULL = 0.95;

/** How much of something is taken. */
export function Bar({ label, value, max, text, testId, bare = false }: Props) {
  const share = max === null ? 0 : max > 0 ? Math.min(1, value / max) : value > 0 ? 1 : 0;
  return (
    <div data-testid={testId}>
      <div className={styles.head}>
        {!bare && (
          <Box fontSize="body-s" color="text-body-secondary">
            {label}
          </Box>
        )}
        <Box fontSize="body-s">{text}</Box>
      </div>
      {max !== null && (
        <div
          className={styles.track}
          role="meter"
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={max}
          aria-valuenow={value}
          aria-valuetext={text}
        >
          <div className={styles.fill} data-level={level(share)} style={{ width: `${share * 100}%` }} />
        </div>
      )}
    </div>
  );
}

function level(share: number): string {
  if (share >= FULL) return "full";
  return share >= HIGH ? "high" : "normal";
}
