import { useSyncExternalStore } from "react";

/** Below Cloudscape's `s` breakpoint tables become cards. */
export const NARROW = "(max-width: 687px)";

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = window.matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    () => window.matchMedia(query).matches,
  );
}
