import Box from "@cloudscape-design/components/box";
import type { Session } from "@/api/types";
import { showCpu, showMemory } from "@/components/quantities";
import { RouterLink } from "@/components/RouterLink";
import { TemplateIcon } from "@/components/TemplateIcon";
import styles from "./sessions.module.css";

export function SessionName({ session }: { session: Session }) {
  const { cpu, memory } = session.resources;
  return (
    <div className={styles.name} data-testid={`session-row-${session.id}`}>
      <TemplateIcon icon={session.template_icon} name={session.template_name} size={32} />
      <div>
        <RouterLink href={`/sessions/${session.id}`}>{session.name}</RouterLink>
        <Box color="text-body-secondary" fontSize="body-s">
          {session.template_name} · {showCpu(cpu)} · {showMemory(memory)}
        </Box>
      </div>
    </div>
  );
}
