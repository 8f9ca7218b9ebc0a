import Box from "@cloudscape-design/components/box";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import LiveRegion from "@cloudscape-design/components/live-region";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { ImportedItem, ImportReport } from "@/api/types";
import { DataList, type Column } from "@/components/DataList";
import { EmptyState } from "@/components/EmptyState";
import { RouterLink } from "@/components/RouterLink";
import { placeOf, summary } from "./asking";

interface Props {
  report: ImportReport;
}

const KINDS: Record<ImportedItem["kind"], string> = { template: "Template", session: "Session", other: "Something else" };
const OUTCOMES: Record<ImportedItem["outcome"], { type: StatusIndicatorProps.Type; text: string }> = {
  created: { type: "success", text: "Imported" },
  planned: { type: "pending", text: "Would be imported" },
  exists: { type: "info", text: "Here already" },
  skipped: { type: "stopped", text: "Left out" },
  failed: { type: "error", text: "Did not work out" },
};

type Row = Omit<ImportedItem, "id"> & { id: string; made: string | null };

const COLUMNS: readonly Column<Row>[] = [
  { id: "title", header: "Name", cell: (row) => <Name row={row} />, sort: (row) => row.name, minWidth: 160 },
  { id: "kind", header: "Kind", cell: (row) => KINDS[row.kind], sort: (row) => row.kind },
  {
    id: "state",
    header: "Outcome",
    cell: ({ outcome }) => (
      <span data-outcome={outcome}>
        <StatusIndicator type={OUTCOMES[outcome].type}>{OUTCOMES[outcome].text}</StatusIndicator>
      </span>
    ),
    sort: (row) => row.outcome,
  },
  { id: "notes", header: "What to know", cell: (row) => <Notes row={row} />, minWidth: 320 },
];

/** What came, or would come, of each manifest. */
export function ReportList({ report }: Props) {
  const rows = report.items.map((item, index): Row => ({ ...item, id: String(index), made: item.id }));
  return (
    <div data-testid="import-report" data-trial={report.dry_run}>
      <LiveRegion hidden>{summary(report)}</LiveRegion>
      <DataList
        label="What comes of each manifest"
        items={rows}
        columns={COLUMNS}
        text={(row) => `${row.name} ${KINDS[row.kind]} ${row.reason?.message ?? ""}`}
        search="Search the report"
        sortedBy=""
        header={
          <Header variant="h2" counter={`(${report.items.length})`} description={summary(report)}>
            {report.dry_run ? "What would come of it" : "What came of it"}
          </Header>
        }
        empty={<EmptyState title="Nothing" text="There was nothing to import." />}
      />
    </div>
  );
}

function Name({ row }: { row: Row }) {
  const place = placeOf({ ...row, id: row.made });
  const name = <span style={{ overflowWrap: "anywhere" }}>{row.name || "(without a name)"}</span>;
  return place === null ? name : <RouterLink href={place}>{name}</RouterLink>;
}

function Notes({ row }: { row: Row }) {
  if (row.reason) return <>{row.reason.message}</>;
  if (row.notes.length === 0) return <Box color="text-status-inactive">Comes through as it was</Box>;
  const lost = row.notes.filter(({ fate }) => fate === "lost").length;
  const changed = row.notes.length - lost;
  const parts = [lost > 0 && `${lost} lost`, changed > 0 && `${changed} changed`].filter(Boolean);
  return (
    <ExpandableSection headerText={parts.join(", ")} variant="inline">
      <dl>
        {row.notes.map(({ field, fate, message }, index) => (
          <div key={index}>
            <dt>
              <Box variant="code">{field}</Box> <Box variant="small">{fate}</Box>
            </dt>
            <dd>{message}</dd>
          </div>
        ))}
      </dl>
    </ExpandableSection>
  );
}
