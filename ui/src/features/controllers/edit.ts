/** A controller's settings as a form, and the change that comes out of it. */
import type { Controller, ControllerPatch } from "@/api/types";

export interface Label {
  key: string;
  value: string;
}

export interface ControllerForm {
  name: string;
  labels: readonly Label[];
  /** Empty: no limit. */
  sessionLimit: string;
  groupIds: readonly string[];
}

export interface FormProblems {
  name?: string;
  sessionLimit?: string;
  /** By position. */
  labels: readonly (string | undefined)[];
}

export const formOf = (controller: Controller): ControllerForm => ({
  name: controller.name,
  labels: Object.entries(controller.labels).map(([key, value]) => ({ key, value })),
  sessionLimit: controller.session_limit === null ? "" : String(controller.session_limit),
  groupIds: controller.group_ids,
});

export function problemsOf({ name, sessionLimit, labels }: ControllerForm): FormProblems {
  const keys = labels.map(({ key }) => key.trim());
  return {
    ...(!name.trim() && { name: "Enter a name." }),
    ...(sessionLimit.trim() !== "" &&
      !/^\d{1,5}$/.test(sessionLimit.trim()) && { sessionLimit: "Enter a whole number, or nothing for no limit." }),
    labels: keys.map((key, position) => {
      if (!key) return "Enter a key.";
      return keys.indexOf(key) < position ? "This key is there already." : undefined;
    }),
  };
}

export const isFine = ({ name, sessionLimit, labels }: FormProblems): boolean =>
  name === undefined && sessionLimit === undefined && labels.every((label) => label === undefined);

/** Only what differs; null when nothing does. */
export function patchOf(controller: Controller, form: ControllerForm): ControllerPatch | null {
  const labels = Object.fromEntries(form.labels.map(({ key, value }) => [key.trim(), value.trim()]));
  const limit = form.sessionLimit.trim() === "" ? null : Number(form.sessionLimit);
  const patch: ControllerPatch = {
    ...(form.name.trim() !== controller.name && { name: form.name.trim() }),
    ...(!sameLabels(labels, controller.labels) && { labels }),
    ...(limit !== controller.session_limit && { session_limit: limit }),
    ...(!sameIds(form.groupIds, controller.group_ids) && { group_ids: [...form.groupIds] }),
  };
  return Object.keys(patch).length > 0 ? patch : null;
}

function sameLabels(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}

const sameIds = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((id) => other.includes(id));
