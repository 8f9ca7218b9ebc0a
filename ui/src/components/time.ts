/** "5 minutes ago" and the like, in the reader's language of numbers but with our English words. */
const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
let zone: string | undefined;
let absolute = format({ dateStyle: "medium", timeStyle: "medium" });
let clock = format({ timeStyle: "medium" });

/** All times are shown in this zone from now on; none: the browser's. */
export function setTimeZone(name: string | null | undefined): void {
  zone = name && isTimeZone(name) ? name : undefined;
  absolute = format({ dateStyle: "medium", timeStyle: "medium" });
  clock = format({ timeStyle: "medium" });
}

export function isTimeZone(name: string): boolean {
  try {
    return name !== "" && Boolean(new Intl.DateTimeFormat(undefined, { timeZone: name }));
  } catch {
    return false;
  }
}

/** Minutes that the reader's zone is ahead of UTC at this moment. */
export function zoneOffset(moment: Date): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  }).formatToParts(moment);
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((each) => each.type === type)?.value);
  const there = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"));
  return Math.round((there - Math.floor(moment.getTime() / 60_000) * 60_000) / 60_000);
}

export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

export function ago(time: string, now: number): string {
  const seconds = Math.round((Date.parse(time) - now) / 1000);
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return seconds > -10 && seconds < 10 ? "just now" : relative.format(seconds, "second");
}

export const fullTime = (time: string): string => absolute.format(Date.parse(time));
export const clockTime = (time: string): string => clock.format(Date.parse(time));

/** 75 -> "1:15", 3675 -> "1:01:15". Never negative. */
export function countdown(seconds: number): string {
  const left = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(left / 3600), Math.floor(left / 60) % 60];
  const rest = String(left % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone });
}
