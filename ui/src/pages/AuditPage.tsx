import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useCallback, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { auditActions, auditHead, searchAudit, type AuditEntry } from "@/api/audit";
import { listMembers } from "@/api/members";
import { EmptyState } from "@/components/EmptyState";
import { English } from "@/components/English";
import { useFlash } from "@/components/Flash";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useRead } from "@/components/useRead";
import { useCan } from "@/features/account/AccountProvider";
import { AuditFilters } from "@/features/audit/AuditFilters";
import { filterOf, isEmpty, paramsOf, searchOf, type AuditSearch, type Field } from "@/features/audit/auditQuery";
import { EntryDialog } from "@/features/audit/EntryDialog";
import { EntryList } from "@/features/audit/EntryList";
import { ExportDialog } from "@/features/audit/ExportDialog";
import { Head } from "@/features/audit/Head";

export default function AuditPage() {
  return (
    <English>
      <AuditLog />
    </English>
  );
}

function AuditLog() {
  const flash = useFlash();
  const canExport = useCan("audit:export");
  const [params, setParams] = useSearchParams();
  const search = useMemo(() => searchOf(params), [params]);
  const setSearch = useCallback((next: AuditSearch) => setParams(paramsOf(next)), [setParams]);
  const [open, setOpen] = useState<AuditEntry | null>(null);
  const [exporting, setExporting] = useState(false);
  const [loadingMore, setLoadingMore] = useState(false);
  const [filter, setFilter] = useState(() => filterOf(search, Date.now()));

  const read = useRead(async () => {
    // Older pages are asked for with the same times, or "the last hour" would slip between two of them.
    const asked = filterOf(search, Date.now());
    const page = await searchAudit(asked);
    setFilter(asked);
    return { items: page.items, cursor: page.next_cursor ?? null };
  }, params.toString());
  const head = useRead(auditHead);
  const { actions, people } = useFilterOptions(read.data?.items);

  const refresh = () => void Promise.all([read.reload(), head.reload()]);
  const more = async (cursor: string) => {
    setLoadingMore(true);
    try {
      const page = await searchAudit(filter, cursor);
      read.set((before) => ({ items: [...before.items, ...page.items], cursor: page.next_cursor ?? null }));
    } catch (error) {
      flash.failure("Older entries could not be read", error);
    }
    setLoadingMore(false);
  };
  const narrow = (field: Field, value: string) => {
    setOpen(null);
    setSearch({ ...search, fields: { [field]: value } });
  };
  const cursor = read.data?.cursor ?? null;

  return (
    <>
      <EntryList
        items={read.data?.items ?? []}
        loading={!read.data && !read.problem}
        onOpen={setOpen}
        onMore={cursor ? () => void more(cursor) : null}
        loadingMore={loadingMore}
        header={
          <SpaceBetween size="m">
            <Header
              variant="h1"
              description="Who did what to what, from where and with what result. Entries are chained by hash and cannot be changed unnoticed."
              actions={
                <SpaceBetween direction="horizontal" size="xs">
                  <Button iconName="refresh" ariaLabel="Refresh" onClick={refresh} data-testid="audit-refresh" />
                  {canExport && (
                    <Button onClick={() => setExporting(true)} data-testid="audit-export">
                      Export
                    </Button>
                  )}
                </SpaceBetween>
              }
            >
              Audit log
            </Header>
            {head.data && <Head head={head.data} />}
            <ProblemAlert problem={read.problem} header="The audit log could not be read" onRetry={refresh} />
          </SpaceBetween>
        }
        filter={<AuditFilters search={search} actions={actions} people={people} onChange={setSearch} />}
        empty={
          isEmpty(search) ? (
            <EmptyState title="No entries" text="What people and API keys change or are refused appears here." />
          ) : (
            <EmptyState
              title="No matches"
              text="No entry matches this search."
              action={<Button onClick={() => setSearch({ fields: {}, range: null })}>Clear the search</Button>}
            />
          )
        }
      />
      {open && <EntryDialog entry={open} onClose={() => setOpen(null)} onNarrow={narrow} />}
      {exporting && <ExportDialog range={search.range} onClose={() => setExporting(false)} />}
    </>
  );
}

/** What to offer in the filter. Extra: without it ids can still be typed, so failures are silent. */
function useFilterOptions(items: readonly AuditEntry[] | undefined) {
  const canSeePeople = useCan("users:read");
  const actions = useRead(auditActions);
  const members = useRead(() => listMembers(), canSeePeople ? "" : null);
  const people = useMemo(() => {
    const names = new Map<string, string>();
    for (const { id, name } of members.data ?? []) names.set(id, name);
    for (const { actor } of items ?? []) if (actor.id && actor.name) names.set(actor.id, actor.name);
    return names;
  }, [items, members.data]);
  return { actions: actions.data ?? [], people };
}
