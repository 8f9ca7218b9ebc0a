/** How a key is doing, in a word and a colour. */
import type { StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { ApiKey } from "@/api/types";

export type KeyState = ApiKey["state"] | "expiring";

interface Look {
  label: string;
  type: StatusIndicatorProps.Type;
}

const LOOKS: Readonly<Record<KeyState, Look>> = {
  active: { label: "Active", type: "success" },
  expiring: { label: "Expires soon", type: "warning" },
  expired: { label: "Expired", type: "stopped" },
  revoked: { label: "Revoked", type: "stopped" },
};

/** Time to replace a key before what uses it stops. */
const SOON_MS = 7 * 86_400_000;

/** A key expires by itself, whether or not the list was read again since. */
export function keyState(key: Pick<ApiKey, "state" | "expires_at">, now: number): KeyState {
  if (key.state !== "active") return key.state;
  const left = Date.parse(key.expires_at) - now;
  if (left <= 0) return "expired";
  return left <= SOON_MS ? "expiring" : "active";
}

export const lookOf = (state: KeyState): Look => LOOKS[state];

export const isUsable = (key: Pick<ApiKey, "state" | "expires_at">, now: number): boolean =>
  ["active", "expiring"].includes(keyState(key, now));
