import { useEffect, useState } from "react";
import { listEnrolledAgents } from "@/api/controllers";
import type { Agent, EnrollmentToken } from "@/api/types";

/** No event tells of an agent, and somebody sits and waits for it. */
const LOOK_EVERY_MS = 2500;

/** The agents that have come by a token, read again and again until all of them are heard from. */
export function useEnrolment({ id, agents: expected }: EnrollmentToken): readonly Agent[] {
  const [agents, setAgents] = useState<readonly Agent[]>([]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wanted = true;
    const look = async () => {
      try {
        const found = await listEnrolledAgents(id);
        if (!wanted) return;
        setAgents(found);
        if (found.filter(({ state }) => state === "active").length >= expected) return;
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
  }, [id, expected]);
  return agents;
}
