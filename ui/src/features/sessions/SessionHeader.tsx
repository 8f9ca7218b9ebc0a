import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Session } from "@/api/types";
import { TemplateIcon } from "@/components/TemplateIcon";
import styles from "./sessions.module.css";
import { SessionStateBadge } from "./SessionStateBadge";
import { can } from "./states";
import type { SessionActions } from "./useSessionActions";

interface Props {
  session: Session;
  actions: SessionActions;
}

export function SessionHeader({ session, actions }: Props) {
  const busy = actions.busy === session.id;
  return (
    <Header
      variant="h1"
      description={<SessionStateBadge session={session} />}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          {can(session, "terminate") && (
            <Button onClick={() => actions.terminate(session)} data-testid="terminate-session">
              Terminate
            </Button>
          )}
          {can(session, "hibernate") && (
            <Button onClick={() => void actions.hibernate(session)} loading={busy} data-testid="hibernate-session">
              Hibernate
            </Button>
          )}
          {can(session, "wake") && (
            <Button
              variant="primary"
              onClick={() => void actions.wake(session)}
              loading={busy}
              data-testid="wake-session"
            >
              Wake
            </Button>
          )}
          {can(session, "open") && (
            <Button
              variant="primary"
              iconName="external"
              onClick={() => actions.open(session)}
              data-testid="open-session"
            >
              Open
            </Button>
          )}
        </SpaceBetween>
      }
    >
      <span className={styles.name}>
        <TemplateIcon icon={session.template_icon} name={session.template_name} size={36} />
        {session.name}
      </span>
    </Header>
  );
}
