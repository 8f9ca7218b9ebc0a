import { useCallback, useEffect, useState } from "react";
import { listTemplates } from "@/api/catalog";
import { asProblem, type Problem } from "@/api/problem";
import type { Template } from "@/api/types";

interface Templates {
  templates: readonly Template[] | null;
  problem: Problem | null;
  reload: () => void;
}

/** The catalog. `templates` is null until it is read. */
export function useTemplates(): Templates {
  const [templates, setTemplates] = useState<readonly Template[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const read = useCallback(async () => {
    try {
      const items = await listTemplates();
      setTemplates(items);
      setProblem(null);
    } catch (error) {
      setProblem(asProblem(error));
    }
  }, []);
  useEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- state follows the server's answer
    void read();
  }, [read]);
  return {
    templates,
    problem,
    reload: () => {
      setProblem(null);
      void read();
    },
  };
}
