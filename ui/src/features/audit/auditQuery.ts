/** A search of the audit log, as the page's address keeps it: it can be sent to somebody, and Back works. */
import type { AuditFilter } from "@/api/audit";

export const FIELDS = ["actor", "action", "target", "outcome"] as const;
export type Field = (typeof FIELDS)[number];

export type Unit = "minute" | "hour" | "day";
export type Range = { last: number; unit: Unit } | { from: string; to: string } | null;

export interface AuditSearch {
  fields: Partial<Record<Field, string>>;
  range: Range;
}

const UNIT_MS: Readonly<Record<Unit, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const LETTERS: Readonly<Record<string, Unit>> = { m: "minute", h: "hour", d: "day" };

export function searchOf(params: URLSearchParams): AuditSearch {
  const fields: AuditSearch["fields"] = {};
  for (const field of FIELDS) {
    const value = params.get(field);
    if (value) fields[field] = value;
  }
  return { fields, range: rangeOf(params) };
}

export function paramsOf({ fields, range }: AuditSearch): Record<string, string> {
  const params: Record<string, string> = { ...fields };
  if (range === null) return params;
  if ("last" in range) return { ...params, last: `${range.last}${range.unit[0]}` };
  return { ...params, from: range.from, to: range.to };
}

/** What the API is asked, with "the last hour" counted from now. */
export function filterOf({ fields, range }: AuditSearch, now: number): AuditFilter {
  const { outcome, ...rest } = fields;
  const filter: AuditFilter = { ...rest };
  if (outcome === "succeeded" || outcome === "refused") filter.outcome = outcome;
  return { ...filter, ...timesOf(range, now) };
}

export function timesOf(range: Range, now: number): { from?: string; to?: string } {
  if (range === null) return {};
  if ("last" in range) return { from: iso(now - range.last * UNIT_MS[range.unit]) };
  return { from: range.from, to: range.to };
}

export const isEmpty = ({ fields, range }: AuditSearch): boolean => Object.keys(fields).length === 0 && range === null;

function rangeOf(params: URLSearchParams): Range {
  const [, amount, letter] = /^([1-9]\d{0,4})([mhd])$/.exec(params.get("last") ?? "") ?? [];
  const unit = LETTERS[letter ?? ""];
  if (amount && unit) return { last: Number(amount), unit };
  const [from, to] = [moment(params.get("from")), moment(params.get("to"))];
  return from && to ? { from, to } : null;
}

function moment(text: string | null): string | null {
  const parsed = Date.parse(text ?? "");
  return Number.isNaN(parsed) ? null : iso(parsed);
}

const iso = (millis: number) => new Date(millis).toISOString();
