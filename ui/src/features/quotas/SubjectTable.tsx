import { useCollection } from "@cloudscape-design/collection-hooks";
import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useMemo } from "react";
import { Bar } from "@/components/Bar";
import { EmptyState } from "@/components/EmptyState";
import { NARROW, useMedia } from "@/components/useMedia";
import { QuotaBars, words } from "./QuotaBars";
import styles from "./quotas.module.css";
import type { SubjectRow } from "./subjects";
import { meters, relevant } from "./usage";

interface Props {
  kind: "group" | "user";
  rows: readonly SubjectRow[];
  canEdit: boolean;
  onEdit: (row: SubjectRow) => void;
  onReset: (row: SubjectRow) => void;
}

const WORDS = {
  group: {
    title: "Groups",
    description: "Sessions of members who are charged to a group count towards its limits too.",
    find: "Find groups",
    empty: "Groups appear here once there are any.",
    inherited: "No limits",
    reset: "Remove limits",
  },
  user: {
    title: "Members",
    description: "Each member has the default limits until they get some of their own.",
    find: "Find members",
    empty: "Members appear here.",
    inherited: "Default",
    reset: "Reset to default",
  },
};
const PAGE = 10;

/** Groups or members with their limits: a table where there is room for one, cards where there is not. */
export function SubjectTable({ kind, rows, canEdit, onEdit, onReset }: Props) {
  const narrow = useMedia(NARROW);
  const text = WORDS[kind];
  const { items, collectionProps, filterProps, paginationProps } = useCollection(rows, {
    filtering: {
      fields: ["name"],
      empty: <EmptyState title="Nothing to limit" text={text.empty} />,
      noMatch: <EmptyState title="No matches" text="Nobody of that name." />,
    },
    pagination: { pageSize: PAGE },
    sorting: {},
  });
  const actions = useMemo(
    () => (row: SubjectRow) =>
      canEdit && (
        <SpaceBetween direction="horizontal" size="xs">
          <Button
            variant="inline-link"
            ariaLabel={`Edit the limits of ${row.name}`}
            onClick={() => onEdit(row)}
            data-testid={`quota-edit-${row.id}`}
          >
            Edit
          </Button>
          {!row.quota.inherited && (
            <Button
              variant="inline-link"
              ariaLabel={`${text.reset} of ${row.name}`}
              onClick={() => onReset(row)}
              data-testid={`quota-reset-${row.id}`}
            >
              {text.reset}
            </Button>
          )}
        </SpaceBetween>
      ),
    [canEdit, onEdit, onReset, text.reset],
  );
  const columns = useMemo<TableProps.ColumnDefinition<SubjectRow>[]>(
    () => [
      { id: "name", header: "Name", cell: ({ name }) => name, sortingField: "name", isRowHeader: true, minWidth: 150 },
      ...[0, 1, 2, 3, 4].map((index) => ({
        id: `meter-${index}`,
        header: ["Sessions", "CPU", "Memory", "GPUs", "Storage"][index],
        cell: ({ quota }: SubjectRow) => <MeterCell quota={quota} index={index} />,
        minWidth: 130,
      })),
      { id: "limits", header: "Limits", cell: (row) => <Source row={row} inherited={text.inherited} />, minWidth: 125 },
      ...(canEdit ? [{ id: "actions", header: "Actions", cell: actions, minWidth: 190 }] : []),
    ],
    [actions, canEdit, text.inherited],
  );
  const header = (
    <Header variant="h2" counter={`(${rows.length})`} description={text.description}>
      {text.title}
    </Header>
  );
  const filter = rows.length > PAGE && (
    <TextFilter {...filterProps} filteringPlaceholder={text.find} filteringAriaLabel={text.find} />
  );
  const pagination = rows.length > PAGE && <Pagination {...paginationProps} />;
  if (narrow) {
    return (
      <Container header={header}>
        <SpaceBetween size="l">
          {filter}
          {pagination}
          {items.length === 0 && collectionProps.empty}
          {items.map((row) => (
            <div key={row.id} data-testid={`quota-row-${row.id}`}>
              <SpaceBetween size="xs">
                <SpaceBetween direction="horizontal" size="xs" alignItems="center">
                  <Box variant="strong">{row.name}</Box>
                  <Source row={row} inherited={text.inherited} />
                </SpaceBetween>
                <QuotaBars meters={relevant(row.quota)} />
                {actions(row)}
              </SpaceBetween>
            </div>
          ))}
        </SpaceBetween>
      </Container>
    );
  }
  return (
    <Table
      {...collectionProps}
      items={items}
      columnDefinitions={columns}
      trackBy="id"
      wrapLines
      header={header}
      filter={filter || undefined}
      pagination={pagination || undefined}
      ariaLabels={{ tableLabel: `Limits of ${text.title.toLowerCase()}` }}
    />
  );
}

function MeterCell({ quota, index }: { quota: SubjectRow["quota"]; index: number }) {
  const meter = meters(quota)[index];
  return meter ? <Bar bare label={meter.label} value={meter.used} max={meter.limit} text={words(meter)} /> : null;
}

function Source({ row: { id, quota }, inherited }: { row: SubjectRow; inherited: string }) {
  return (
    <span className={styles.source} data-testid={`quota-source-${id}`} data-inherited={quota.inherited}>
      {quota.inherited ? <Badge>{inherited}</Badge> : <Badge color="blue">Own limits</Badge>}
    </span>
  );
}
