import DateRangePicker, { type DateRangePickerProps } from "@cloudscape-design/components/date-range-picker";
import { zoneOffset } from "@/components/time";
import type { Range, Unit } from "./auditQuery";

const UNITS: readonly string[] = ["minute", "hour", "day"];
const RELATIVE: readonly DateRangePickerProps.RelativeOption[] = [
  { key: "hour", amount: 1, unit: "hour", type: "relative" },
  { key: "day", amount: 24, unit: "hour", type: "relative" },
  { key: "week", amount: 7, unit: "day", type: "relative" },
  { key: "month", amount: 30, unit: "day", type: "relative" },
];

interface Props {
  range: Range;
  onChange: (range: Range) => void;
  label: string;
}

/** A time range in the reader's own time zone; none means from the beginning. */
export function RangePicker({ range, onChange, label }: Props) {
  return (
    <DateRangePicker
      value={shown(range)}
      relativeOptions={RELATIVE}
      isValidRange={validity}
      getTimeOffset={zoneOffset}
      placeholder="Any time"
      showClearButton
      expandToViewport
      timeInputFormat="hh:mm"
      customRelativeRangeUnits={["minute", "hour", "day"]}
      i18nStrings={{ ariaLabel: label }}
      onChange={({ detail }) => onChange(chosen(detail.value))}
      data-testid="audit-range"
    />
  );
}

function shown(range: Range): DateRangePickerProps.Value | null {
  if (range === null) return null;
  if ("last" in range) {
    const known = RELATIVE.find(({ amount, unit }) => amount === range.last && unit === range.unit);
    return known ?? { type: "relative", amount: range.last, unit: range.unit };
  }
  return { type: "absolute", startDate: range.from, endDate: range.to };
}

function chosen(value: DateRangePickerProps.Value | null): Range {
  if (value === null) return null;
  if (value.type === "relative") return { last: value.amount, unit: value.unit as Unit };
  const [from, to] = [value.startDate, value.endDate].map((text) => new Date(text).toISOString());
  return from && to ? { from, to } : null;
}

function validity(value: DateRangePickerProps.Value | null): DateRangePickerProps.ValidationResult {
  if (value?.type === "relative" && (!UNITS.includes(value.unit) || !(value.amount >= 1 && value.amount <= 99_999)))
    return { valid: false, errorMessage: "Enter how many minutes, hours or days back." };
  if (value?.type === "absolute") {
    const [from, to] = [Date.parse(value.startDate), Date.parse(value.endDate)];
    if (Number.isNaN(from) || Number.isNaN(to)) return { valid: false, errorMessage: "Choose a start and an end." };
    if (from >= to) return { valid: false, errorMessage: "The end must be after the start." };
  }
  return { valid: true };
}
