/** What an import asks for, from what a person has filled in. */
import type { ImportedItem, ImportReport, ImportRequest } from "@/api/types";

/** What the API takes at once. */
export const LONGEST = 250_000;

export interface ImportForm {
  manifests: string;
  /** Answers to what the last report did not know: by the name in the manifests. */
  images: Readonly<Record<string, string>>;
  users: Readonly<Record<string, string>>;
  startHibernated: boolean;
}

export const EMPTY: ImportForm = { manifests: "", images: {}, users: {}, startHibernated: false };

export function wrongWith(form: ImportForm): string | null {
  if (form.manifests.trim() === "") return "Paste manifests here, or choose files.";
  if (form.manifests.length > LONGEST) return "This is too much at once; import it in parts of 250,000 characters.";
  return null;
}

/** Why a file is not even read: no text that long is taken, whatever it is written in. */
export const tooLarge = ({ size }: Pick<File, "size">): string | null =>
  size > 4 * LONGEST ? "This file is too large to be imported at once." : null;

/** What to call a call that failed. A real import does one thing after another, and keeps what it did. */
export const failed = (pressed: "trial" | "import"): string =>
  pressed === "trial" ? "Nothing was imported" : "The import may have ended halfway. Importing again goes on from there.";

export const request = (form: ImportForm, trial: boolean): ImportRequest => ({
  manifests: form.manifests,
  dry_run: trial,
  images: { ...form.images },
  users: { ...form.users },
  start_hibernated: form.startHibernated,
});

/** Several files as one text. */
export const joined = (texts: readonly string[]): string =>
  texts
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .join("\n---\n");

export interface Question {
  name: string;
  answer: string | undefined;
}

/** What a person has to decide on: what is not known now, and what was answered before. */
export const questions = (unknown: readonly string[], answers: Readonly<Record<string, string>>): Question[] =>
  [...new Set([...unknown, ...Object.keys(answers)])].sort().map((name) => ({ name, answer: answers[name] }));

export function answered(
  answers: Readonly<Record<string, string>>,
  name: string,
  answer: string | null,
): Record<string, string> {
  const others = Object.fromEntries(Object.entries(answers).filter(([key]) => key !== name));
  return answer === null ? others : { ...others, [name]: answer };
}

const count = (number: number, one: string, many: string): string => `${number} ${number === 1 ? one : many}`;

/** One sentence on a report. */
export function summary({ dry_run, counts }: ImportReport): string {
  const parts = [
    dry_run
      ? count(counts.planned ?? 0, "would be imported", "would be imported")
      : count(counts.created ?? 0, "was imported", "were imported"),
  ];
  if (counts.exists) parts.push(count(counts.exists, "is here already", "are here already"));
  if (counts.skipped) parts.push(count(counts.skipped, "is left out", "are left out"));
  if (counts.failed) parts.push(`${counts.failed} did not work out`);
  return `${parts.join(", ")}.`;
}

/** Whether an import would do anything. */
export const worthwhile = (report: ImportReport): boolean => report.dry_run && (report.counts.planned ?? 0) > 0;

/** Where what was imported is. */
export const placeOf = ({ kind, id }: ImportedItem): string | null =>
  id === null ? null : kind === "session" ? `/sessions/${id}` : kind === "template" ? "/catalog" : null;
