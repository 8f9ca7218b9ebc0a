import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useMemo, type ReactNode } from "react";
import type { Session } from "@/api/types";
import { Ago } from "@/components/Ago";
import { NARROW, useMedia } from "@/components/useMedia";
import { SessionButtons } from "./SessionButtons";
import { SessionName } from "./SessionName";
import styles from "./sessions.module.css";
import { SessionStateBadge } from "./SessionStateBadge";
import type { SessionActions } from "./useSessionActions";

interface Props {
  items: readonly Session[];
  collection: Partial<TableProps<Session>>;
  controllerName: (id: string | null | undefined) => string;
  actions: SessionActions;
  header: ReactNode;
  filter: ReactNode;
  pagination: ReactNode;
  empty: ReactNode;
  loading: boolean;
}

/** A table where there is room for one, cards where there is not. */
export function SessionList(props: Props) {
  return useMedia(NARROW) ? <SessionCards {...props} /> : <SessionTable {...props} />;
}

function SessionTable({
  items,
  collection,
  controllerName,
  actions,
  header,
  filter,
  pagination,
  empty,
  loading,
}: Props) {
  const columns = useMemo<TableProps.ColumnDefinition<Session>[]>(
    () => [
      {
        id: "name",
        header: "Name",
        cell: (session) => <SessionName session={session} />,
        sortingField: "name",
        isRowHeader: true,
        minWidth: 210,
      },
      {
        id: "state",
        header: "State",
        cell: (session) => <StateCell session={session} />,
        sortingField: "state",
        minWidth: 150,
        width: 280,
      },
      {
        id: "controller",
        header: "Controller",
        cell: (session) => controllerName(session.controller_id),
        minWidth: 120,
      },
      {
        id: "created",
        header: "Created",
        cell: (session) => <Ago time={session.created_at} />,
        sortingField: "created_at",
        minWidth: 150,
      },
      {
        id: "activity",
        header: "Last activity",
        cell: (session) => <Ago time={session.last_activity_at} />,
        minWidth: 150,
      },
      {
        id: "actions",
        header: "Actions",
        cell: (session) => <SessionButtons session={session} actions={actions} />,
        minWidth: 180,
      },
    ],
    [controllerName, actions],
  );
  return (
    <Table
      {...collection}
      items={items}
      columnDefinitions={columns}
      trackBy="id"
      variant="full-page"
      wrapLines
      stickyColumns={{ last: 1 }}
      loading={loading}
      loadingText="Loading sessions"
      header={header}
      filter={filter}
      pagination={pagination}
      empty={empty}
      ariaLabels={{ tableLabel: "Sessions" }}
    />
  );
}

function SessionCards({ items, actions, header, filter, pagination, empty, loading }: Props) {
  return (
    <SpaceBetween size="m">
      {header}
      {filter}
      {pagination}
      {items.length === 0 && <Container>{loading ? <Box textAlign="center">Loading sessions…</Box> : empty}</Container>}
      <div className={styles.cards}>
        {items.map((session) => (
          <Container key={session.id}>
            <SpaceBetween size="s">
              <div className={styles.cardHead}>
                <SessionName session={session} />
                <SessionStateBadge session={session} />
              </div>
              <Reason session={session} />
              <div className={styles.cardHead}>
                <Box color="text-body-secondary" fontSize="body-s">
                  Created <Ago time={session.created_at} />
                </Box>
                <SessionButtons session={session} actions={actions} />
              </div>
            </SpaceBetween>
          </Container>
        ))}
      </div>
    </SpaceBetween>
  );
}

function StateCell({ session }: { session: Session }) {
  return (
    <>
      <SessionStateBadge session={session} />
      <Reason session={session} />
    </>
  );
}

function Reason({ session }: { session: Session }) {
  if (!session.reason || session.state === "running") return null;
  return (
    <Box color="text-body-secondary" fontSize="body-s">
      <span data-testid="reason" data-code={session.reason.code}>
        {session.reason.message}
      </span>
    </Box>
  );
}
