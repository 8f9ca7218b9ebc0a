/** How a key is doing, in a word and a colour. */
import type { StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { ApiKey } from "@/api/types";

export type KeyState = ApiKey["state"] | "expiring" | "replaced";

interface Look {
  label: string;
  type: StatusIndicatorProps.Type;
}

const LOOKS: Readonly<Record<KeyState, Look>> = {
  active: { label: "Active", type: "success" },
  expiring: { label: "Expires soon", type: "warning" },
  replaced: { label: "Replaced, works on", type: "pending" },
  expired: { label: "Expired", type: "stopped" },
  revoked: { label: "Revoked", type: "stopped" },
};

type Aging = Pick<ApiKey, "state" | "expires_at" | "replaced_by">;

/** Time to replace a key before what uses it stops. */
const SOON_MS = 7 * 86_400_000;

/** A key expires by itself, whether or not the list was read again since. */
export function keyState(key: Aging, now: number): KeyState {
  if (key.state !== "active") return key.state;
  const left = Date.parse(key.expires_at) - now;
  if (left <= 0) return "expired";
  // After a rotation the old key works for a while: that it ends soon is meant.
  if (key.replaced_by !== null) return "replaced";
  return left <= SOON_MS ? "expiring" : "active";
}

export const lookOf = (state: KeyState): Look => LOOKS[state];

export const isUsable = (key: Aging, now: number): boolean => !["expired", "revoked"].includes(keyState(key, now));
