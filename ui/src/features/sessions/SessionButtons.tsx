import Button from "@cloudscape-design/components/button";
import ButtonDropdown, { type ButtonDropdownProps } from "@cloudscape-design/components/button-dropdown";
import type { Session } from "@/api/types";
import styles from "./sessions.module.css";
import { can, isStarting, type Action } from "./states";
import type { SessionActions } from "./useSessionActions";

interface Props {
  session: Session;
  actions: SessionActions;
}

const WORDS: Readonly<Record<Exclude<Action, "open">, string>> = {
  hibernate: "Hibernate",
  wake: "Wake",
  terminate: "Terminate…",
};

/** The one thing most people want, and a menu with the rest. */
export function SessionButtons({ session, actions }: Props) {
  const rest = (["hibernate", "wake", "terminate"] as const).filter((action) => can(session, action));
  const items: ButtonDropdownProps.Items = [
    { id: "details", text: "Details" },
    ...(can(session, "open") ? [{ id: "observe", text: "Open view only" }] : []),
    ...rest.map((action) => ({ id: action, text: WORDS[action] })),
  ];
  return (
    <div className={styles.buttons}>
      <MainButton session={session} actions={actions} />
      <span data-testid="session-menu" data-session-id={session.id}>
        <ButtonDropdown
          variant="icon"
          ariaLabel={`More for ${session.name}`}
          items={items}
          expandToViewport
          onItemClick={({ detail }) => follow(detail.id, session, actions)}
        />
      </span>
    </div>
  );
}

function MainButton({ session, actions }: Props) {
  const shared = { "data-session-id": session.id, loading: actions.busy === session.id, wrapText: false };
  if (can(session, "open")) {
    return (
      <Button {...shared} iconName="external" data-testid="open-session" onClick={() => actions.open(session)}>
        Open
      </Button>
    );
  }
  if (can(session, "wake")) {
    return (
      <Button {...shared} data-testid="wake-session" onClick={() => void actions.wake(session)}>
        Wake
      </Button>
    );
  }
  if (!isStarting(session)) return null;
  return (
    <Button {...shared} data-testid="watch-session" onClick={() => actions.details(session)}>
      Watch
    </Button>
  );
}

function follow(id: string, session: Session, actions: SessionActions): void {
  if (id === "details") actions.details(session);
  else if (id === "observe") actions.observe(session);
  else if (id === "hibernate") void actions.hibernate(session);
  else if (id === "wake") void actions.wake(session);
  else if (id === "terminate") actions.terminate(session);
}
