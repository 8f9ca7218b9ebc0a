import { Bar } from "@/components/Bar";
import styles from "./quotas.module.css";
import type { Meter } from "./usage";

/** Each resource with what is used of it. Nothing allowed and no limit are words, not two empty bars. */
export function QuotaBars({ meters }: { meters: readonly Meter[] }) {
  return (
    <div className={styles.bars}>
      {meters.map((meter) => (
        <Bar key={meter.resource} label={meter.label} value={meter.used} max={meter.limit} text={words(meter)} />
      ))}
    </div>
  );
}

/** "2 of 8 cores", not "2 cores of 8 cores". */
export function words({ used, limit, usedText, limitText }: Meter): string {
  if (limit === null) return used > 0 ? `${usedText} (no limit)` : "No limit";
  if (limit === 0) return used > 0 ? `${usedText} (none allowed)` : "None allowed";
  const [amount, unit = ""] = usedText.split(" ");
  const sameUnit = used === 0 || limitText.split(" ")[1]?.startsWith(unit.replace(/s$/, ""));
  return `${unit && sameUnit ? amount : usedText} of ${limitText}`;
}
