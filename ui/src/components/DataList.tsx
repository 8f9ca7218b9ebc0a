import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import type { ReactNode } from "react";
import styles from "./DataList.module.css";
import { EmptyState } from "./EmptyState";
import { Loading } from "./Loading";
import { NARROW, useMedia } from "./useMedia";

export interface Column<T> {
  /** `title` heads a card and `actions` stands beside it; everything else is a line of it. */
  id: string;
  header: string;
  cell: (item: T) => ReactNode;
  /** What the column sorts by, if it does. Null sorts last. */
  sort?: (item: T) => string | number | null;
  minWidth?: number;
  width?: number;
}

interface Selection<T> {
  /** By id. */
  selected: readonly string[];
  onChange: (selected: string[]) => void;
  /** What a row is called to those who cannot see it. */
  name: (item: T) => string;
}

interface Props<T> {
  label: string;
  /** Null while it is read. */
  items: readonly T[] | null;
  columns: readonly Column<T>[];
  /** What the search looks at. */
  text: (item: T) => string;
  search: string;
  header: ReactNode;
  filters?: ReactNode;
  empty: ReactNode;
  sortedBy: string;
  descending?: boolean;
  /** Rows can be chosen. */
  selection?: Selection<T> | undefined;
}

const PAGE = 25;
const SEARCH_FROM = 6;
/** A button or a state that is broken over two lines reads badly. */
const KEPT_WHOLE: readonly string[] = ["actions", "state"];

/** Rows to look through: a table where there is room for one, cards where there is not. */
export function DataList<T extends { id: string }>(props: Props<T>) {
  const { label, items, columns, text, search, header, filters, empty, selection } = props;
  const narrow = useMedia(NARROW);
  const definitions = columns.map((column) => ({
    id: column.id,
    header: column.header,
    cell: KEPT_WHOLE.includes(column.id)
      ? (item: T) => <div className={styles.nowrap}>{column.cell(item)}</div>
      : column.cell,
    minWidth: column.minWidth,
    width: column.width,
    isRowHeader: column.id === "title",
    ...(column.sort && { sortingComparator: by(column.sort) }),
  }));
  const first = definitions.find(({ id }) => id === props.sortedBy);
  const collection = useCollection(items ?? [], {
    filtering: {
      empty,
      noMatch: <EmptyState title="No matches" text="Nothing here matches what you are looking for." />,
      filteringFunction: (item, wanted) => text(item).toLowerCase().includes(wanted.trim().toLowerCase()),
    },
    pagination: { pageSize: PAGE },
    sorting: first?.sortingComparator
      ? {
          defaultState: {
            sortingColumn: { sortingComparator: first.sortingComparator },
            isDescending: props.descending ?? false,
          },
        }
      : {},
  });
  const loading = items === null;
  const filter =
    filters || (items?.length ?? 0) >= SEARCH_FROM ? (
      <div className={styles.filters}>
        {(items?.length ?? 0) >= SEARCH_FROM && (
          <div className={styles.search}>
            <TextFilter {...collection.filterProps} filteringPlaceholder={search} filteringAriaLabel={search} />
          </div>
        )}
        {filters}
      </div>
    ) : undefined;
  const pages = (items?.length ?? 0) > PAGE ? <Pagination {...collection.paginationProps} /> : undefined;

  if (!narrow) {
    return (
      <Table
        {...collection.collectionProps}
        items={collection.items}
        columnDefinitions={definitions}
        trackBy="id"
        wrapLines
        loading={loading}
        loadingText="Loading"
        header={header}
        filter={filter}
        pagination={pages}
        ariaLabels={{
          tableLabel: label,
          selectionGroupLabel: "Choose rows",
          allItemsSelectionLabel: () => "Choose all",
          ...(selection && { itemSelectionLabel: (_: unknown, item: T) => selection.name(item) }),
        }}
        {...(selection && {
          selectionType: "multi" as const,
          selectedItems: (items ?? []).filter(({ id }) => selection.selected.includes(id)),
          onSelectionChange: ({ detail }: { detail: { selectedItems: T[] } }) =>
            selection.onChange(detail.selectedItems.map(({ id }) => id)),
        })}
      />
    );
  }
  return (
    <SpaceBetween size="m">
      {header}
      {filter}
      {pages}
      {loading && <Loading />}
      {!loading && collection.items.length === 0 && <Container>{collection.collectionProps.empty}</Container>}
      <div className={styles.cards} role="list" aria-label={label}>
        {collection.items.map((item) => (
          <div key={item.id} role="listitem">
            <Card item={item} columns={columns} selection={selection} />
          </div>
        ))}
      </div>
    </SpaceBetween>
  );
}

interface CardProps<T> {
  item: T;
  columns: readonly Column<T>[];
  selection: Selection<T> | undefined;
}

function Card<T extends { id: string }>({ item, columns, selection }: CardProps<T>) {
  const cell = (id: string) => columns.find((column) => column.id === id)?.cell(item);
  const lines = columns.filter(({ id }) => id !== "title" && id !== "actions");
  return (
    <Container>
      <div className={styles.head}>
        {selection && <Choice item={item} selection={selection} />}
        <div>{cell("title")}</div>
        <div>{cell("actions")}</div>
      </div>
      <Box fontSize="body-s">
        <dl className={styles.facts}>
          {lines.map((column) => (
            <Line key={column.id} header={column.header}>
              {column.cell(item)}
            </Line>
          ))}
        </dl>
      </Box>
    </Container>
  );
}

function Choice<T extends { id: string }>({ item, selection }: { item: T; selection: Selection<T> }) {
  const { selected, onChange, name } = selection;
  const chosen = selected.includes(item.id);
  return (
    <Checkbox
      checked={chosen}
      ariaLabel={name(item)}
      onChange={() => onChange(chosen ? selected.filter((id) => id !== item.id) : [...selected, item.id])}
    />
  );
}

function Line({ header, children }: { header: string; children: ReactNode }) {
  return (
    <>
      <dt>{header}</dt>
      <dd>{children}</dd>
    </>
  );
}

function by<T>(value: (item: T) => string | number | null) {
  return (one: T, other: T): number => {
    const [a, b] = [value(one), value(other)];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  };
}
