/** Quotas as meters: how much is used, of how much, and what would be left after one more session. */
import type { Quota } from "@/api/types";
import { byteCount, cpuMillis, showBytes, showCores } from "@/components/quantities";

export interface Meter {
  resource: "sessions" | "cpu" | "memory";
  label: string;
  used: number;
  limit: number | null;
  usedText: string;
  limitText: string;
}

export interface Request {
  cpu: string;
  memory: string;
}

const sessionsText = (count: number) => String(count);

export function meters(quota: Quota): Meter[] {
  const { limits, used } = quota;
  return [
    meter("sessions", "Sessions", used.sessions, limits.sessions ?? null, sessionsText),
    meter("cpu", "CPU", cpuMillis(used.cpu), limited(limits.cpu, cpuMillis), showCores),
    meter("memory", "Memory", byteCount(used.memory), limited(limits.memory, byteCount), showBytes),
  ];
}

/** What one more session of this size would go beyond, in words; empty when it fits. */
export function exceeded(quotas: readonly Quota[], request: Request): string[] {
  const amounts = { sessions: 1, cpu: cpuMillis(request.cpu), memory: byteCount(request.memory) };
  return quotas.flatMap((quota) =>
    meters(quota)
      .filter(({ resource, used, limit }) => limit !== null && used + amounts[resource] > limit)
      .map(
        ({ label, usedText, limitText }) =>
          `${whose(quota)} ${label.toLowerCase()}: ${usedText} of ${limitText} in use`,
      ),
  );
}

export const whose = (quota: Quota): string => (quota.scope === "user" ? "Your" : "Your tenant's");

function meter(
  resource: Meter["resource"],
  label: string,
  used: number,
  limit: number | null,
  text: (value: number) => string,
): Meter {
  return { resource, label, used, limit, usedText: text(used), limitText: limit === null ? "no limit" : text(limit) };
}

function limited(limit: string | null | undefined, read: (quantity: string) => number): number | null {
  return limit === null || limit === undefined ? null : read(limit);
}
