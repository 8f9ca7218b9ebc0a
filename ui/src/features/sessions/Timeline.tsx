import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import type { SessionState, TimelineEntry } from "@/api/types";
import { clockTime, fullTime } from "@/components/time";
import styles from "./sessions.module.css";
import { look } from "./states";

const label = (state: string) => look(state as SessionState).label;

/** Who changed the session, when and why; newest first. */
export function Timeline({ entries }: { entries: readonly TimelineEntry[] }) {
  return (
    <Container header={<Header variant="h2">Timeline</Header>}>
      {entries.length === 0 ? (
        <Box color="text-body-secondary">Nothing has happened yet.</Box>
      ) : (
        <ol className={styles.timeline} data-testid="timeline">
          {entries.map((entry) => (
            <li key={`${entry.at} ${entry.to}`} className={styles.entry}>
              <Box color="text-body-secondary" fontSize="body-s">
                <time dateTime={entry.at} title={fullTime(entry.at)}>
                  {clockTime(entry.at)}
                </time>
              </Box>
              <div>
                <Box fontWeight="bold">{label(entry.to)}</Box>
                <Box color="text-body-secondary" fontSize="body-s">
                  {[entry.reason?.message ?? words(entry.cause), `by ${words(entry.actor)}`].join(" · ")}
                </Box>
              </div>
            </li>
          ))}
        </ol>
      )}
    </Container>
  );
}

/** `command_result` -> "command result"; ids and e-mail addresses stay as they are. */
const words = (code: string) => (/^[a-z_]+$/.test(code) ? code.replaceAll("_", " ") : code);
