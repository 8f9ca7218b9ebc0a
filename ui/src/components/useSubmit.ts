import { useState } from "react";
import { asProblem, type Problem } from "@/api/problem";

export interface Submit {
  busy: boolean;
  problem: Problem | null;
  /** Somebody pressed the button at least once: from then on fields say what they miss. */
  tried: boolean;
  /** Does the work unless something is wrong with the form or it is under way already. */
  run: (work: () => Promise<void>, wrong?: boolean) => Promise<void>;
}

/** One form's progress: pressed, under way, refused. */
export function useSubmit(onProblem?: (problem: Problem) => void): Submit {
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const run = async (work: () => Promise<void>, wrong = false) => {
    setTried(true);
    if (wrong || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await work();
    } catch (error) {
      const found = asProblem(error);
      setProblem(found);
      onProblem?.(found);
    }
    setBusy(false);
  };
  return { busy, problem, tried, run };
}
