import ColumnLayout from "@cloudscape-design/components/column-layout";
import { Bar } from "@/components/Bar";
import type { Meter } from "./usage";

/** Each resource with what is used of it. Nothing allowed and no limit are words, not two empty bars. */
export function QuotaBars({ meters }: { meters: readonly Meter[] }) {
  return (
    <ColumnLayout columns={Math.min(4, Math.max(1, meters.length))} minColumnWidth={160}>
      {meters.map((meter) => (
        <Bar key={meter.resource} label={meter.label} value={meter.used} max={meter.limit} text={words(meter)} />
      ))}
    </ColumnLayout>
  );
}

export function words({ used, limit, usedText, limitText }: Meter): string {
  if (limit === null) return used > 0 ? `${usedText} (no limit)` : "No limit";
  if (limit === 0) return used > 0 ? `${usedText} (none allowed)` : "None allowed";
  return `${usedText} of ${limitText}`;
}
