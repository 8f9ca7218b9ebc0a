/** Quotas as meters: how much is used, of how much, and what would be left after one more session. */
import type { Quota } from "@/api/quotas";
import { byteCount, cpuMillis } from "@/components/quantities";
import { RESOURCES, type Resource } from "./resources";

export interface Meter {
  resource: Resource["id"];
  label: string;
  used: number;
  limit: number | null;
  usedText: string;
  limitText: string;
}

export interface Request {
  cpu: string;
  memory: string;
  gpu?: number;
  storage?: string | null;
}

export function meters({ limits, used }: Quota): Meter[] {
  return RESOURCES.map(({ id, label, amount, show }) => {
    const taken = amount(used[id]);
    const limit = limits[id] === null ? null : amount(limits[id]);
    return {
      resource: id,
      label,
      used: taken,
      limit,
      usedText: show(taken),
      limitText: limit === null ? "no limit" : show(limit),
    };
  });
}

/** What is worth a look: sessions, CPU and memory always; the others once they are limited or used. */
export const relevant = (quota: Quota): Meter[] =>
  meters(quota).filter(
    ({ resource, used, limit }) => !["gpu", "storage"].includes(resource) || used > 0 || limit !== null,
  );

export const isUnlimited = (quota: Quota): boolean => meters(quota).every(({ limit }) => limit === null);

/** What one more session of this size would go beyond, in words; empty when it fits. */
export function exceeded(quotas: readonly Quota[], request: Request): string[] {
  const amounts = {
    sessions: 1,
    cpu: cpuMillis(request.cpu),
    memory: byteCount(request.memory),
    gpu: request.gpu ?? 0,
    storage: byteCount(request.storage),
  };
  return quotas.flatMap((quota) =>
    meters(quota)
      .filter(
        ({ resource, used, limit }) => limit !== null && amounts[resource] > 0 && used + amounts[resource] > limit,
      )
      .map(
        ({ label, usedText, limitText }) =>
          `${whose(quota)} ${label === "CPU" || label === "GPUs" ? label : label.toLowerCase()}: ${usedText} of ${limitText} in use`,
      ),
  );
}

export function whose({ scope }: Quota): string {
  if (scope === "user") return "Your";
  return scope === "group" ? "Your group's" : "Your organisation's";
}
