/**
 * The token of a link in a mail (`/invitation#token=…`). A fragment is never sent to a server; it is taken
 * out of the address at once too, so that neither history, a screenshot nor a copied address gives it away.
 */
import { useSyncExternalStore } from "react";

const PATHS: readonly string[] = ["/invitation", "/confirm-sign-up", "/reset-password"];

interface Held {
  path: string;
  token: string;
}

export interface Tab {
  location: Pick<Location, "pathname" | "search" | "hash">;
  history: Pick<History, "state" | "replaceState">;
}

/** The token in this address, which is clean afterwards; null when it has none. */
export function takeToken({ location, history }: Tab): Held | null {
  const { pathname, search, hash } = location;
  if (!PATHS.includes(pathname)) return null;
  const token = new URLSearchParams(hash.slice(1)).get("token");
  if (!token) return null;
  history.replaceState(history.state, "", pathname + search);
  return { path: pathname, token };
}

let held: Held | null = null;
const listeners = new Set<() => void>();

function take(): void {
  const taken = takeToken(window);
  if (!taken) return;
  held = taken;
  for (const listener of listeners) listener();
}

/** Before anything else reads the address, and again when a second link is opened in the same tab. */
export function startLinkTokens(): void {
  take();
  window.addEventListener("hashchange", take);
}

/** The token that this page was opened with, if it was by such a link. */
export function useLinkToken(path: string): string | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => (held?.path === path ? held.token : null),
  );
}

/** It is used up. */
export function forgetLinkToken(): void {
  held = null;
}
