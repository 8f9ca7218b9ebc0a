import { useCallback, useEffect, useRef, useState } from "react";
import { asProblem, type Problem } from "@/api/problem";

export interface Read<T> {
  /** Null until it is read. What was read stays while it is read again. */
  data: T | null;
  problem: Problem | null;
  reload: () => Promise<void>;
  /** Puts an answer of our own call in its place. */
  set: (change: (before: T) => T) => void;
}

const NOTHING = Symbol("nothing");

/**
 * Reads something when a component first shows, and again when `key` changes; null reads nothing. Late
 * answers to an earlier question are dropped.
 */
export function useRead<T>(read: () => Promise<T>, key: string | null = ""): Read<T> {
  const [state, setState] = useState<{ key: string | null; data: T | typeof NOTHING; problem: Problem | null }>({
    key,
    data: NOTHING,
    problem: null,
  });
  const latest = useRef(read);
  const asked = useRef(0);
  useEffect(() => {
    latest.current = read;
  });

  const load = useCallback(async () => {
    if (key === null) return;
    const question = (asked.current += 1);
    try {
      const data = await latest.current();
      if (question === asked.current) setState({ key, data, problem: null });
    } catch (error) {
      if (question !== asked.current) return;
      setState((before) => ({
        key,
        data: before.key === key ? before.data : NOTHING,
        problem: asProblem(error),
      }));
    }
  }, [key]);

  useEffect(() => {
    void load();
    return () => {
      asked.current += 1;
    };
  }, [load]);

  const set = useCallback(
    (change: (before: T) => T) =>
      setState((before) => (before.data === NOTHING ? before : { ...before, data: change(before.data) })),
    [],
  );
  const current = state.key === key;
  return {
    data: current && state.data !== NOTHING ? state.data : null,
    problem: current ? state.problem : null,
    reload: load,
    set,
  };
}
