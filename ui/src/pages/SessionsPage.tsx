import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import TextFilter from "@cloudscape-design/components/text-filter";
import Toggle from "@cloudscape-design/components/toggle";
import { useCallback, useMemo, useState } from "react";
import { useNavigate } from "react-router";
import type { Session } from "@/api/types";
import { EmptyState } from "@/components/EmptyState";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useMe } from "@/features/account/AccountProvider";
import { useControllers, useLive, useSessions } from "@/features/live/LiveProvider";
import { QuotaMeters } from "@/features/quotas/QuotaMeters";
import { useQuotas } from "@/features/quotas/useQuotas";
import { SessionList } from "@/features/sessions/SessionList";
import { isOver } from "@/features/sessions/states";
import { useSessionActions } from "@/features/sessions/useSessionActions";

export default function SessionsPage() {
  const live = useLive();
  const { user } = useMe();
  const { items, status, problem } = useSessions();
  const { items: controllers } = useControllers();
  const navigate = useNavigate();
  const actions = useSessionActions();
  const [everybody, setEverybody] = useState(false);

  const current = useMemo(() => [...items.values()].filter((session) => !isOver(session)), [items]);
  const others = current.some((session) => session.user_id !== user.id);
  const listed = useMemo(
    () => current.filter((session) => everybody || session.user_id === user.id),
    [current, everybody, user.id],
  );
  const quotas = useQuotas(fingerprint(current));
  const controllerName = useCallback(
    (id: string | null | undefined) => (id ? (controllers.get(id)?.name ?? id) : "–"),
    [controllers],
  );
  const launch = (
    <Button variant="primary" onClick={() => void navigate("/catalog")}>
      Launch a session
    </Button>
  );
  const collection = useCollection(listed, {
    filtering: {
      fields: ["name", "template_name", "state"],
      empty: <EmptyState title="No sessions" text="Sessions that you launch appear here." action={launch} />,
      noMatch: <EmptyState title="No matches" text="No session matches the filter." />,
    },
    pagination: { pageSize: 25 },
    sorting: { defaultState: { sortingColumn: { sortingField: "created_at" }, isDescending: true } },
  });

  return (
    <>
      <SessionList
        items={collection.items}
        collection={collection.collectionProps}
        controllerName={controllerName}
        actions={actions}
        loading={status === "idle" || status === "loading"}
        empty={collection.collectionProps.empty}
        header={
          <SpaceBetween size="m">
            <Header variant="h1" counter={status === "ready" ? `(${listed.length})` : undefined} actions={launch}>
              {everybody ? "Sessions" : "My sessions"}
            </Header>
            <ProblemAlert
              problem={problem}
              header="The sessions could not be read"
              onRetry={() => void live.sessions.load()}
            />
            <QuotaMeters quotas={quotas} />
          </SpaceBetween>
        }
        filter={
          <SpaceBetween direction="horizontal" size="s">
            <TextFilter
              {...collection.filterProps}
              filteringPlaceholder="Find sessions"
              filteringAriaLabel="Find sessions"
            />
            {(others || everybody) && (
              <Box padding={{ top: "xxs" }}>
                <Toggle
                  checked={everybody}
                  onChange={({ detail }) => setEverybody(detail.checked)}
                  data-testid="everybody"
                >
                  Everybody&apos;s
                </Toggle>
              </Box>
            )}
          </SpaceBetween>
        }
        pagination={listed.length > 25 ? <Pagination {...collection.paginationProps} /> : null}
      />
      {actions.dialog}
    </>
  );
}

/** Changes when usage may have: another session, or one that changed its state. */
const fingerprint = (sessions: readonly Session[]) => sessions.map(({ id, state }) => `${id} ${state}`).join();
