import { useEffect, useRef } from "react";
import { listAgents } from "@/api/controllers";
import type { Agent, Controller } from "@/api/types";
import { useRead, type Read } from "@/components/useRead";

/** A controller's agents, read again when the controller itself makes news that may be about one of them. */
export function useAgents({ id, state, agent_version: version, health }: Controller): Read<Agent[]> {
  const read = useRead(() => listAgents(id), id);
  const { reload } = read;
  const news = [id, state, version, health.polling.state, health.platform.state, health.streaming.state].join(" ");
  const known = useRef(news);
  useEffect(() => {
    if (known.current === news) return;
    known.current = news;
    void reload();
  }, [news, reload]);
  return read;
}
