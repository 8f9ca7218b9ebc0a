import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { listDeadLetters, redriveDeadLetters } from "@/api/controllers";
import type { Controller, DeadLetter } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DataList, type Column } from "@/components/DataList";
import { EmptyState } from "@/components/EmptyState";
import { useFlash } from "@/components/Flash";
import { Muted } from "@/components/Muted";
import { ProblemAlert } from "@/components/ProblemAlert";
import { RouterLink } from "@/components/RouterLink";
import { useRead } from "@/components/useRead";
import { useLive, useRow } from "@/features/live/LiveProvider";
import { outcomeWords, problemWords, redrivenWords, stillThere, total } from "./deadLetters";
import { PurgeDialog } from "./PurgeDialog";

interface Props {
  controller: Controller;
  canManage: boolean;
}

/** Messages to a controller that no agent could make use of, and what can be done about them. */
export function DeadLetterList({ controller, canManage }: Props) {
  const flash = useFlash();
  const { data, problem, reload } = useRead(() => listDeadLetters(controller.id), controller.id);
  const [selected, setSelected] = useState<readonly string[]>([]);
  const [busy, setBusy] = useState(false);
  const [purging, setPurging] = useState(false);
  const items = data?.items ?? null;
  const count = data ? total(data) : 0;
  const chosen = stillThere(selected, items ?? []);

  const redrive = async () => {
    setBusy(true);
    try {
      const ids = chosen.length > 0 ? chosen : undefined;
      flash.success(redrivenWords(await redriveDeadLetters(controller.id, ids)));
      setSelected([]);
      await reload();
    } catch (error) {
      flash.failure("Not everything was redriven", error);
    }
    setBusy(false);
  };

  if (problem && !data) {
    return <ProblemAlert problem={problem} header="The dead letters could not be read" onRetry={() => void reload()} />;
  }
  return (
    <>
      <DataList
        label="Dead letters"
        items={items}
        columns={COLUMNS}
        text={(letter) => [problemWords(letter), letter.detail, letter.command_id, letter.session_id].join(" ")}
        search="Find dead letters"
        sortedBy="sent"
        descending
        selection={canManage && count > 0 ? { selected: chosen, onChange: setSelected, name: nameOf } : undefined}
        header={
          <Header
            info={
              count > 0 && (
                <span data-testid="dead-letter-count" data-count={count}>
                  <Badge color="severity-high">{count}</Badge>
                </span>
              )
            }
            description={
              items && count > items.length
                ? `Messages that no agent could make use of. The first ${items.length} of ${count} are shown.`
                : "Messages that no agent could make use of. Their commands are kept, so nothing is lost with them."
            }
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button
                  iconName="refresh"
                  ariaLabel="Read the dead letters again"
                  onClick={() => void reload()}
                  data-testid="dead-letters-refresh"
                />
                {canManage && count > 0 && (
                  <Button onClick={() => setPurging(true)} disabled={busy} data-testid="purge">
                    Purge…
                  </Button>
                )}
                {canManage && count > 0 && (
                  <Button loading={busy} onClick={() => void redrive()} data-testid="redrive">
                    {chosen.length > 0 ? `Redrive selected (${chosen.length})` : "Redrive all"}
                  </Button>
                )}
              </SpaceBetween>
            }
          >
            Dead letters
          </Header>
        }
        empty={<EmptyState title="No dead letters" text="Every message to this controller could be used." />}
      />
      {purging && (
        <PurgeDialog
          controller={controller}
          count={count}
          onCancel={() => setPurging(false)}
          onPurged={() => {
            flash.success(`The dead letters of ${controller.name} were purged.`);
            setPurging(false);
            setSelected([]);
            void reload();
          }}
        />
      )}
    </>
  );
}

function SessionLink({ id }: { id: string }) {
  const known = useRow(useLive().sessions, id);
  return <RouterLink href={`/sessions/${id}`}>{known?.name ?? id}</RouterLink>;
}

const nameOf = (letter: DeadLetter) => `${problemWords(letter)}, ${letter.id}`;

const COLUMNS: readonly Column<DeadLetter>[] = [
  {
    id: "title",
    header: "Problem",
    cell: (letter) => (
      <div data-testid={`dead-letter-${letter.id}`} data-problem={letter.problem}>
        {problemWords(letter)}
        <Box color="text-body-secondary" fontSize="body-s">
          {letter.detail}
        </Box>
      </div>
    ),
    sort: ({ problem }) => problem,
    minWidth: 240,
  },
  {
    id: "session",
    header: "Session",
    cell: ({ session_id: id }) => (id ? <SessionLink id={id} /> : <Muted>Not known</Muted>),
    minWidth: 200,
  },
  {
    id: "outcome",
    header: "When redriven",
    cell: (letter) => outcomeWords(letter),
    sort: ({ open }) => (open ? 0 : 1),
    minWidth: 230,
  },
  {
    id: "receives",
    header: "Received",
    cell: ({ receives }) => (
      <span title="Each look at it here counts too">{receives === 1 ? "once" : `${receives} times`}</span>
    ),
    sort: ({ receives }) => receives,
    minWidth: 110,
  },
  {
    id: "sent",
    header: "Sent",
    cell: ({ sent_at: time }) => <Ago time={time} />,
    sort: ({ sent_at: time }) => Date.parse(time),
    minWidth: 130,
  },
];
