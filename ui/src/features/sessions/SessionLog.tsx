import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useLayoutEffect, useRef, useState } from "react";
import type { Session } from "@/api/types";
import { CopyButton } from "@/components/CopyButton";
import styles from "./sessions.module.css";
import { useLog } from "./useLog";

/** What the session's programs print. Read from its controller while this is open, and kept nowhere else. */
export function SessionLog({ session }: { session: Session }) {
  const [open, setOpen] = useState(false);
  return (
    <ExpandableSection
      variant="container"
      headerText="Log"
      headerDescription="What the programs in the session print"
      expanded={open}
      onChange={({ detail }) => setOpen(detail.expanded)}
      data-testid="session-log"
    >
      {open && <Lines session={session} />}
    </ExpandableSection>
  );
}

function Lines({ session }: { session: Session }) {
  const [{ phase, lines, reason }, reread] = useLog(session.id, `${session.state} ${session.generation}`);
  const box = useStuckToTheEnd(lines);
  return (
    <SpaceBetween size="s">
      <div className={styles.logBar}>
        {phase === "live" && <StatusIndicator type="success">Live</StatusIndicator>}
        {phase === "connecting" && <StatusIndicator type="loading">Asking the controller</StatusIndicator>}
        {phase === "closed" && (
          <span data-testid="log-closed">
            <StatusIndicator type="info">{reason ?? "Closed."}</StatusIndicator>
          </span>
        )}
        <SpaceBetween direction="horizontal" size="xs">
          {phase === "closed" && <Button onClick={reread}>Read again</Button>}
          {lines && lines.length > 0 && <CopyButton text={lines.join("\n")} />}
        </SpaceBetween>
      </div>
      {lines &&
        (lines.length === 0 ? (
          <Box color="text-body-secondary">Nothing has been printed yet.</Box>
        ) : (
          <pre ref={box} className={styles.log} role="log" tabIndex={0} aria-label="Log" data-testid="log-lines">
            {lines.join("\n")}
          </pre>
        ))}
    </SpaceBetween>
  );
}

/** Goes along with new lines, unless its reader has scrolled up. */
function useStuckToTheEnd(lines: readonly string[] | null) {
  const box = useRef<HTMLPreElement>(null);
  const seen = useRef(0);
  useLayoutEffect(() => {
    const found = box.current;
    if (!found) return;
    const atTheEnd = seen.current === 0 || found.scrollTop + found.clientHeight >= seen.current - 4;
    if (atTheEnd) found.scrollTop = found.scrollHeight;
    seen.current = found.scrollHeight;
  }, [lines]);
  return box;
}
