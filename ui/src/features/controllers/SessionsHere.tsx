import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import { useMemo } from "react";
import type { Controller, Session } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DataList, type Column } from "@/components/DataList";
import { EmptyState } from "@/components/EmptyState";
import { useSessions } from "@/features/live/LiveProvider";
import { SessionName } from "@/features/sessions/SessionName";
import { SessionStateBadge } from "@/features/sessions/SessionStateBadge";
import { isOver } from "@/features/sessions/states";

/** The sessions of a controller, those that only keep their home there included. */
export function SessionsHere({ controller: { id } }: { controller: Controller }) {
  const { items, status } = useSessions();
  const here = useMemo(
    () => [...items.values()].filter((each) => each.controller_id === id && !isOver(each)),
    [items, id],
  );
  const loading = status === "idle" || status === "loading";
  return (
    <DataList
      label="Sessions"
      items={loading ? null : here}
      columns={COLUMNS}
      text={({ name, template_name: template, state }) => `${name} ${template} ${state}`}
      search="Find sessions"
      sortedBy="activity"
      descending
      header={
        <Header
          counter={loading ? undefined : `(${here.length})`}
          description="Hibernated ones are among them: their home folders are here."
        >
          Sessions
        </Header>
      }
      empty={<EmptyState title="No sessions" text="Sessions that are placed on this controller appear here." />}
    />
  );
}

const COLUMNS: readonly Column<Session>[] = [
  {
    id: "title",
    header: "Name",
    cell: (session) => <SessionName session={session} />,
    sort: ({ name }) => name,
    minWidth: 240,
  },
  {
    id: "condition",
    header: "State",
    cell: (session) => (
      <>
        <SessionStateBadge session={session} />
        {session.reason && (
          <Box color="text-body-secondary" fontSize="body-s">
            {session.reason.message}
          </Box>
        )}
      </>
    ),
    sort: ({ state }) => state,
    minWidth: 180,
  },
  {
    id: "created",
    header: "Created",
    cell: ({ created_at: time }) => <Ago time={time} />,
    sort: ({ created_at: time }) => Date.parse(time),
    minWidth: 130,
  },
  {
    id: "activity",
    header: "Last activity",
    cell: ({ last_activity_at: time }) => <Ago time={time} />,
    sort: ({ last_activity_at: time }) => (time ? Date.parse(time) : null),
    minWidth: 130,
  },
];
