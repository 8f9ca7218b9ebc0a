/** Waiting for what an enrolment command brings: a controller, or another agent of one that exists. */
import { useEffect, useState } from "react";
import { listAgents } from "@/api/controllers";
import type { Controller } from "@/api/types";
import { useControllers } from "@/features/live/LiveProvider";

/** The controller that came online since this was first shown. */
export function useNewController(): Controller | null {
  const { items } = useControllers();
  const [before] = useState(() => new Map([...items.values()].map(({ id, state }) => [id, state])));
  for (const controller of items.values()) {
    const known = before.get(controller.id);
    if (controller.state === "online" && (known === undefined || known === "never_seen")) return controller;
  }
  return null;
}

/** No event tells of an agent that joins others, and somebody sits and waits for it. */
const LOOK_EVERY_MS = 3000;

/** Whether another agent has called since this was first shown. `id` of null waits for nothing. */
export function useNewAgent(id: string | null): boolean {
  const [arrived, setArrived] = useState(false);
  useEffect(() => {
    if (id === null) return undefined;
    let before: ReadonlySet<string> | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wanted = true;
    const look = async () => {
      try {
        const active = (await listAgents(id)).filter(({ state }) => state === "active").map((agent) => agent.id);
        before ??= new Set(active);
        const known = before;
        if (wanted && active.some((agent) => !known.has(agent))) {
          setArrived(true);
          return;
        }
      } catch {
        // The next look may succeed; the dialog says all along that it waits.
      }
      if (wanted) timer = setTimeout(() => void look(), LOOK_EVERY_MS);
    };
    void look();
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [id]);
  return arrived;
}
