/**
 * Resource quantities as the API writes them (`1500m`, `2Gi`) and as people read them.
 * Source: Kubernetes "Resource Management for Pods and Containers", resource units.
 */
const SUFFIXES: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

type Quantity = string | number | null | undefined;

/** Thousandths of a core; 0 for what cannot be read. */
export function cpuMillis(quantity: Quantity): number {
  const match = /^(\d+(?:\.\d+)?)(m?)$/.exec(String(quantity ?? ""));
  return match ? Math.round(Number(match[1]) * (match[2] ? 1 : 1000)) : 0;
}

/** Bytes; 0 for what cannot be read. */
export function byteCount(quantity: Quantity): number {
  const match = /^(\d+(?:\.\d+)?)([kMGT]i?|Ki)?$/.exec(String(quantity ?? ""));
  return match ? Math.round(Number(match[1]) * (SUFFIXES[match[2] ?? ""] ?? 1)) : 0;
}

/** What is wrong with a quantity that somebody typed, as the API would see it; null when nothing is. */
export function cpuProblem(text: string): string | null {
  return /^(\d{1,9}m|\d{1,6}(\.\d{1,3})?)$/.test(text) ? null : "Use cores (0.5, 2) or thousandths of one (500m).";
}

export function bytesProblem(text: string): string | null {
  return /^\d{1,18}(\.\d{1,3})?([kMGT]|[KMGT]i)?$/.test(text)
    ? null
    : "Use a number with a unit, such as 512Mi, 8Gi or 1Ti.";
}

export function showBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes > 0 ? Math.floor(Math.log2(bytes) / 10) : 0);
  const value = bytes / 1024 ** power;
  return `${trim(value, value < 10 && power > 0 ? 1 : 0)} ${UNITS[power] ?? "B"}`;
}

/** 1500 -> "1.5 cores". */
export function showCores(millis: number): string {
  const cores = millis / 1000;
  return `${trim(cores, 2)} ${cores === 1 ? "core" : "cores"}`;
}

export const showCpu = (quantity: Quantity): string => showCores(cpuMillis(quantity));
export const showMemory = (quantity: Quantity): string => showBytes(byteCount(quantity));

const trim = (value: number, digits: number) => String(Number(value.toFixed(digits)));
