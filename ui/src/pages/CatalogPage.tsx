import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useState } from "react";
import { useNavigate } from "react-router";
import type { Template } from "@/api/types";
import { EmptyState } from "@/components/EmptyState";
import { useFlash } from "@/components/Flash";
import { Loading } from "@/components/Loading";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useCan } from "@/features/account/AccountProvider";
import styles from "@/features/catalog/catalog.module.css";
import { ALL, categories, matching } from "@/features/catalog/filter";
import { LaunchDialog } from "@/features/catalog/LaunchDialog";
import { TemplateAccessDialog } from "@/features/catalog/TemplateAccessDialog";
import { TemplateCard } from "@/features/catalog/TemplateCard";
import { useTemplates } from "@/features/catalog/useTemplates";
import { closedTo } from "@/features/groups/opens";
import { groupNames, useGroups } from "@/features/groups/useGroups";
import { useControllers, useLive } from "@/features/live/LiveProvider";
import { preloadLaunch } from "@/features/viewer/preload";

export default function CatalogPage() {
  const { templates, problem, reload } = useTemplates();
  const { sessions } = useLive();
  const { items: controllers } = useControllers();
  const navigate = useNavigate();
  const flash = useFlash();
  const [text, setText] = useState("");
  const [category, setCategory] = useState(ALL);
  const [launching, setLaunching] = useState<Template | null>(null);
  const [opening, setOpening] = useState<Template | null>(null);
  const canWrite = useCan("templates:write");
  const canSee = useCan("groups:read");
  const { data: groups } = useGroups();
  const shown = matching(templates ?? [], text, category);

  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description="Pick an application or a desktop. It starts in seconds and streams to this tab."
          actions={
            canWrite && (
              <Button onClick={() => void navigate("/catalog/import")} data-testid="catalog-import">
                Import…
              </Button>
            )
          }
        >
          Catalog
        </Header>
      }
    >
      <SpaceBetween size="l">
        <ProblemAlert problem={problem} header="The catalog could not be read" onRetry={reload} />
        {templates === null && !problem && <Loading />}
        {templates !== null && templates.length > 0 && (
          <div className={styles.filters}>
            <div className={styles.search}>
              <TextFilter
                filteringText={text}
                filteringPlaceholder="Search the catalog"
                filteringAriaLabel="Search the catalog"
                countText={text ? `${shown.length} ${shown.length === 1 ? "match" : "matches"}` : ""}
                onChange={({ detail }) => setText(detail.filteringText)}
                data-testid="catalog-search"
              />
            </div>
            <span id="category-label" className={styles.hidden}>
              Category
            </span>
            <SegmentedControl
              ariaLabelledby="category-label"
              selectedId={category}
              options={[ALL, ...categories(templates)].slice(0, 6).map((id) => ({ id, text: id === ALL ? "All" : id }))}
              onChange={({ detail }) => setCategory(detail.selectedId)}
            />
          </div>
        )}
        {templates !== null && shown.length === 0 && (
          <Nothing
            filtered={templates.length > 0}
            onClear={() => {
              setText("");
              setCategory(ALL);
            }}
          />
        )}
        <div className={styles.grid}>
          {shown.map((template) => (
            <TemplateCard
              key={template.id}
              template={template}
              restriction={canSee ? closedTo(template.group_ids, groupNames(template.group_ids, groups)) : null}
              onAccess={canWrite && canSee ? setOpening : undefined}
              onLaunch={(chosen) => {
                preloadLaunch();
                setLaunching(chosen);
              }}
            />
          ))}
        </div>
      </SpaceBetween>
      {opening && (
        <TemplateAccessDialog
          template={opening}
          groups={groups}
          onCancel={() => setOpening(null)}
          onChanged={(changed) => {
            reload();
            flash.success(`${changed.name} was changed.`);
            setOpening(null);
          }}
        />
      )}
      {launching && (
        <LaunchDialog
          template={launching}
          controllers={[...controllers.values()]}
          onCancel={() => setLaunching(null)}
          onLaunched={(session) => {
            sessions.put(session);
            void navigate(`/sessions/${session.id}`, { state: { launched: true } });
          }}
        />
      )}
    </ContentLayout>
  );
}

function Nothing({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  return filtered ? (
    <EmptyState
      title="No matches"
      text="Nothing in the catalog matches what you are looking for."
      action={<Button onClick={onClear}>Clear filter</Button>}
    />
  ) : (
    <EmptyState title="The catalog is empty" text="An administrator adds templates through the API." />
  );
}
