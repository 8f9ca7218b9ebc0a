/** The launch form: its fields, what is wrong with them, and the request they make. */
import type { SessionCreate, Template } from "@/api/types";
import { byteCount, cpuMillis } from "@/components/quantities";
import type { Request } from "@/features/quotas/usage";

export const AUTOMATIC = "automatic";
const GIB = 2 ** 30;

export interface LaunchForm {
  name: string;
  cores: string;
  gigabytes: string;
  controllerId: string;
}

export type LaunchErrors = Partial<Record<keyof LaunchForm, string>>;

export function initial(template: Template): LaunchForm {
  return {
    name: "",
    cores: String(cpuMillis(template.resources.cpu) / 1000),
    gigabytes: String(Number((byteCount(template.resources.memory) / GIB).toFixed(3))),
    controllerId: AUTOMATIC,
  };
}

export function errors(form: LaunchForm): LaunchErrors {
  const found: LaunchErrors = {};
  if (form.name.length > 80) found.name = "Use at most 80 characters.";
  if (!inRange(form.cores, 0.1, 512)) found.cores = "Use a number of cores of at least 0.1.";
  if (!inRange(form.gigabytes, 0.0625, 8192)) found.gigabytes = "Use at least 0.0625 GiB (64 MiB).";
  return found;
}

export const cpuOf = (form: LaunchForm): string => `${Math.round(Number(form.cores) * 1000)}m`;
export const memoryOf = (form: LaunchForm): string => {
  const mebibytes = Math.round(Number(form.gigabytes) * 1024);
  return mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
};

/** What the session would take of the quotas it counts towards. */
export function wanted({ resources }: Template, form: LaunchForm): Request {
  return { cpu: cpuOf(form), memory: memoryOf(form), gpu: resources.gpu, storage: resources.storage };
}

/** Only what differs from the template is sent: an untouched launch follows the template. */
export function request(template: Template, form: LaunchForm): SessionCreate {
  const defaults = initial(template);
  const resources = {
    ...(form.cores === defaults.cores ? {} : { cpu: cpuOf(form) }),
    ...(form.gigabytes === defaults.gigabytes ? {} : { memory: memoryOf(form) }),
  };
  return {
    template_id: template.id,
    ...(form.name.trim() ? { name: form.name.trim() } : {}),
    ...(Object.keys(resources).length > 0 ? { resources } : {}),
    ...(form.controllerId === AUTOMATIC ? {} : { controller_id: form.controllerId }),
  };
}

function inRange(text: string, min: number, max: number): boolean {
  const value = Number(text.trim() || Number.NaN);
  return value >= min && value <= max;
}
