/** The form for limits: for each resource either no limit, an amount, or none at all, never a blank that means one of them. */
import type { Limits, Quota } from "@/api/quotas";
import { RESOURCES, type Resource } from "./resources";

export type Choice = "unlimited" | "limited" | "zero";
export type LimitsForm = Record<Resource["id"], { choice: Choice; text: string }>;
export type LimitsErrors = Partial<Record<Resource["id"], string>>;

export function formOf(limits: Limits): LimitsForm {
  return each(({ id, amount }) => {
    const limit = limits[id];
    if (limit === null) return { choice: "unlimited", text: "" };
    return amount(limit) === 0 ? { choice: "zero", text: "" } : { choice: "limited", text: String(limit) };
  });
}

export function errorsOf(form: LimitsForm): LimitsErrors {
  const errors: LimitsErrors = {};
  for (const { id, label, amount, problem, example } of RESOURCES) {
    const { choice, text } = form[id];
    if (choice !== "limited") continue;
    const typed = text.trim();
    const wrong = typed
      ? (problem(typed) ?? (amount(typed) === 0 ? "To allow none, choose “None”." : null))
      : `Enter how much, such as ${example}.`;
    if (wrong) errors[id] = `${label}: ${wrong}`;
  }
  return errors;
}

export function limitsOf(form: LimitsForm): Limits {
  const quantity = (id: "cpu" | "memory" | "storage", zero: string) =>
    value(form[id], zero, (text: string): string => text);
  const count = (id: "sessions" | "gpu") => value(form[id], 0, Number);
  return {
    sessions: count("sessions"),
    cpu: quantity("cpu", "0m"),
    memory: quantity("memory", "0"),
    gpu: count("gpu"),
    storage: quantity("storage", "0"),
  };
}

/** What is in use beyond the new limits already, in words. */
export function belowUse(form: LimitsForm, { used }: Quota): string[] {
  return RESOURCES.flatMap(({ id, label, amount, show, problem }) => {
    const { choice, text } = form[id];
    if (choice === "unlimited" || (choice === "limited" && problem(text.trim()))) return [];
    const limit = choice === "zero" ? 0 : amount(text.trim());
    return amount(used[id]) > limit ? [`${label}: ${show(amount(used[id]))} in use`] : [];
  });
}

function value<T>({ choice, text }: { choice: Choice; text: string }, zero: T, read: (text: string) => T): T | null {
  if (choice === "unlimited") return null;
  return choice === "zero" ? zero : read(text.trim());
}

const each = (make: (resource: Resource) => { choice: Choice; text: string }): LimitsForm =>
  Object.fromEntries(RESOURCES.map((resource) => [resource.id, make(resource)])) as LimitsForm;
