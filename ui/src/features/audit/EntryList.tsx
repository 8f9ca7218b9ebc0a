import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useMemo, type ReactNode } from "react";
import type { AuditEntry } from "@/api/audit";
import { Ago } from "@/components/Ago";
import { NARROW, useMedia } from "@/components/useMedia";
import { SealBadge } from "./SealBadge";
import { actorName, targetName } from "./words";

interface Props {
  items: readonly AuditEntry[];
  loading: boolean;
  header: ReactNode;
  filter: ReactNode;
  empty: ReactNode;
  /** Null: there are no older ones. */
  onMore: (() => void) | null;
  loadingMore: boolean;
  onOpen: (entry: AuditEntry) => void;
}

/** Entries, newest first: a table where there is room for one, cards where there is not. */
export function EntryList(props: Props) {
  const { items, loading, header, filter, empty, onMore, loadingMore, onOpen } = props;
  const narrow = useMedia(NARROW);
  const columns = useMemo<TableProps.ColumnDefinition<AuditEntry>[]>(
    () => [
      { id: "at", header: "When", cell: ({ at }) => <Ago time={at} />, width: 130 },
      { id: "actor", header: "Actor", cell: actorName, minWidth: 130 },
      {
        id: "action",
        header: "Action",
        cell: (entry) => <Opener entry={entry} onOpen={onOpen} />,
        isRowHeader: true,
        minWidth: 140,
      },
      { id: "target", header: "Target", cell: (entry) => <Breakable>{targetName(entry)}</Breakable>, minWidth: 210 },
      { id: "outcome", header: "Outcome", cell: (entry) => <Outcome entry={entry} />, minWidth: 150 },
      { id: "address", header: "From", cell: ({ source_ip }) => <Breakable>{source_ip || "–"}</Breakable>, minWidth: 110 },
      { id: "seal", header: "Seal", cell: (entry) => <SealBadge entry={entry} />, minWidth: 150 },
    ],
    [onOpen],
  );
  const more = onMore && (
    <Box textAlign="center">
      <Button onClick={onMore} loading={loadingMore} data-testid="audit-more">
        Load older entries
      </Button>
    </Box>
  );
  if (!narrow) {
    return (
      <Table
        items={items}
        columnDefinitions={columns}
        trackBy="id"
        variant="full-page"
        wrapLines
        loading={loading}
        loadingText="Reading the audit log"
        header={header}
        filter={filter}
        empty={empty}
        footer={more}
        ariaLabels={{ tableLabel: "Audit log" }}
      />
    );
  }
  return (
    <SpaceBetween size="m">
      {header}
      {filter}
      {items.length === 0 && (
        <Container>{loading ? <Box textAlign="center">Reading the audit log…</Box> : empty}</Container>
      )}
      {items.map((entry) => (
        <Container key={entry.id}>
          <SpaceBetween size="xxs">
            <Opener entry={entry} onOpen={onOpen} />
            <Box>
              {actorName(entry)} · {targetName(entry)}
            </Box>
            <Outcome entry={entry} />
            <SealBadge entry={entry} />
            <Box color="text-body-secondary" fontSize="body-s">
              <Ago time={entry.at} /> {entry.source_ip && `from ${entry.source_ip}`}
            </Box>
          </SpaceBetween>
        </Container>
      ))}
      {more}
    </SpaceBetween>
  );
}

/** Long addresses and ids have no place to break at by themselves. */
const Breakable = ({ children }: { children: string }) => <span style={{ overflowWrap: "anywhere" }}>{children}</span>;

function Opener({ entry, onOpen }: { entry: AuditEntry; onOpen: (entry: AuditEntry) => void }) {
  return (
    <Link
      href={`#${entry.id}`}
      ariaLabel={`Details of ${entry.action} by ${actorName(entry)}`}
      onFollow={(event) => {
        event.preventDefault();
        onOpen(entry);
      }}
      data-testid={`audit-open-${entry.id}`}
    >
      <span data-testid="audit-action" data-action={entry.action} data-outcome={entry.outcome}>
        {entry.action}
      </span>
    </Link>
  );
}

function Outcome({ entry: { outcome, code } }: { entry: AuditEntry }) {
  if (outcome === "succeeded") return <StatusIndicator type="success">Succeeded</StatusIndicator>;
  return (
    <>
      <StatusIndicator type="stopped">Refused</StatusIndicator>
      {code && (
        <Box color="text-body-secondary" fontSize="body-s">
          {code.replaceAll("_", " ")}
        </Box>
      )}
    </>
  );
}
