/** Invitations as the list shows them. */
import type { StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { Invitation } from "@/api/types";

interface Look {
  label: string;
  type: StatusIndicatorProps.Type;
}

const LOOKS: Readonly<Record<Invitation["state"], Look>> = {
  pending: { label: "Waiting for an answer", type: "pending" },
  accepted: { label: "Accepted", type: "success" },
  expired: { label: "Expired", type: "warning" },
  revoked: { label: "Revoked", type: "stopped" },
};

/** A pending one expires by itself, whether or not the list was read again since. */
export function stateOf(invitation: Invitation, now: number): Invitation["state"] {
  return invitation.state === "pending" && Date.parse(invitation.expires_at) <= now ? "expired" : invitation.state;
}

export const lookOf = (state: Invitation["state"]): Look => LOOKS[state];

/** Whether somebody still has to do something about it. */
export const isOpen = (invitation: Invitation): boolean =>
  invitation.state === "pending" || invitation.state === "expired";
