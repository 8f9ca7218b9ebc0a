import { useCallback, useEffect } from "react";
import { getTenantExport, listTenantExports, startTenantExport, type TenantExport } from "@/api/organisation";
import { useRead, type Read } from "@/components/useRead";

const AGAIN_MS = 1500;

export interface TenantExports {
  read: Read<TenantExport[]>;
  running: TenantExport | null;
  start: () => Promise<void>;
}

/** Exports of all data, newest first. One that runs has no events, so it is asked about until it is over. */
export function useTenantExports(): TenantExports {
  const read = useRead(async () =>
    (await listTenantExports()).toSorted((a, b) => b.created_at.localeCompare(a.created_at)),
  );
  const running = read.data?.find(({ state }) => state === "running") ?? null;
  const { set } = read;

  useEffect(() => {
    if (!running) return undefined;
    const look = async () => {
      if (document.hidden) return;
      try {
        const now = await getTenantExport(running.id);
        set((before) => before.map((each) => (each.id === now.id ? now : each)));
      } catch {
        // An outage of the API does not end the export; the next look may see more.
      }
    };
    const timer = setInterval(() => void look(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [running, set]);

  const start = useCallback(async () => {
    const made = await startTenantExport();
    set((before) => [made, ...before.filter(({ id }) => id !== made.id)]);
  }, [set]);
  return { read, running, start };
}
