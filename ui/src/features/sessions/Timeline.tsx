import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import type { TimelineEntry } from "@/api/types";
import { clockTime, fullTime } from "@/components/time";
import { useMe } from "@/features/account/AccountProvider";
import styles from "./sessions.module.css";
import { look } from "./states";
import { actor, cause } from "./story";

/** Who changed the session, when and why; newest first. */
export function Timeline({ entries }: { entries: readonly TimelineEntry[] }) {
  const { user } = useMe();
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
                <Box fontWeight="bold">{look(entry.to).label}</Box>
                <Box color="text-body-secondary" fontSize="body-s">
                  {cause(entry)} · {actor(entry, user.id)}
                </Box>
                {entry.reason && <Box fontSize="body-s">{entry.reason.message}</Box>}
              </div>
            </li>
          ))}
        </ol>
      )}
    </Container>
  );
}
