/** What a session's programs printed last, live. A connection that breaks is made anew; one that is refused is not. */
import { useCallback, useEffect, useState } from "react";
import { backoff } from "@/api/backoff";
import { readLog } from "@/api/logChannel";
import { asProblem } from "@/api/problem";
import { getLogAccess } from "@/api/sessions";
import { CloseCode } from "@/api/streamChannel";

export interface Log {
  phase: "connecting" | "live" | "closed";
  /** Null until anything has come. What came last stays while the connection is made anew. */
  lines: readonly string[] | null;
  /** Why it was closed. */
  reason: string | null;
}

const MOST_ATTEMPTS = 8;
/** A connection that lasted this long was a good one: what ended it is met with patience again. */
const STEADY_MS = 10_000;
const AWAY = "The log cannot be read at the moment. The agent may be away, or older than this page.";
const FINAL: readonly number[] = [CloseCode.unknownSession, CloseCode.ended, CloseCode.forbidden];

/** `chapter` changes when there may be something else to read. */
export function useLog(sessionId: string, chapter: string): [Log, () => void] {
  const [log, setLog] = useState<Log>({ phase: "connecting", lines: null, reason: null });
  const [round, setRound] = useState(0);

  useEffect(() => {
    let wanted = true;
    let stop = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    let attempt = 0;
    const part = (change: Partial<Log>) => wanted && setLog((before) => ({ ...before, ...change }));

    const again = (reason: string) => {
      if (!wanted) return;
      if (attempt >= MOST_ATTEMPTS) part({ phase: "closed", reason });
      else {
        part({ phase: "connecting", reason: null });
        timer = setTimeout(() => void open(), backoff(attempt++));
      }
    };
    const open = async () => {
      try {
        const { url, ticket } = await getLogAccess(sessionId);
        if (!wanted) return;
        const began = Date.now();
        stop = readLog(url, ticket, {
          lines: (lines) => part({ phase: "live", lines, reason: null }),
          closed: (code, reason) => {
            if (Date.now() - began > STEADY_MS) attempt = 0;
            if (FINAL.includes(code)) part({ phase: "closed", reason });
            else again(reason || AWAY);
          },
        });
      } catch (error) {
        const problem = asProblem(error);
        if (problem.temporary) again(problem.message);
        else part({ phase: "closed", reason: problem.message });
      }
    };
    timer = setTimeout(() => void open(), 0);
    return () => {
      wanted = false;
      clearTimeout(timer);
      stop();
    };
  }, [sessionId, chapter, round]);

  const reread = useCallback(() => {
    setLog((before) => ({ ...before, phase: "connecting", reason: null }));
    setRound((before) => before + 1);
  }, []);
  return [log, reread];
}
