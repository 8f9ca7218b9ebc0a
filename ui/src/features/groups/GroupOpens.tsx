import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { listTemplates } from "@/api/catalog";
import { listControllers } from "@/api/controllers";
import type { Group } from "@/api/types";
import { Loading } from "@/components/Loading";
import { ProblemAlert } from "@/components/ProblemAlert";
import { RouterLink } from "@/components/RouterLink";
import { useRead } from "@/components/useRead";
import { useCan } from "@/features/account/AccountProvider";
import { openedBy, type Scoped } from "./opens";

/** The templates and controllers that are for this group (and perhaps others), not for everybody. */
export function GroupOpens({ group }: { group: Group }) {
  const seesControllers = useCan("controllers:read");
  const { data, problem, reload } = useRead(async () => {
    const [templates, controllers] = await Promise.all([
      listTemplates(),
      seesControllers ? listControllers() : Promise.resolve([]),
    ]);
    return { templates: openedBy(group.id, templates), controllers: openedBy(group.id, controllers) };
  }, group.id);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Besides what is open to everybody. Change it at the template's or controller's own menu."
        >
          What this group opens
        </Header>
      }
    >
      <ProblemAlert
        problem={problem}
        header="Templates and controllers could not be read"
        onRetry={() => void reload()}
      />
      {!data && !problem && <Loading />}
      {data && (
        <div data-testid="group-opens">
          <ColumnLayout columns={seesControllers ? 2 : 1} minColumnWidth={220}>
            <Names title="Templates" rows={data.templates} href="/catalog" where="Open the catalog" />
            {seesControllers && (
              <Names title="Controllers" rows={data.controllers} href="/controllers" where="Open Controllers" />
            )}
          </ColumnLayout>
        </div>
      )}
    </Container>
  );
}

interface NamesProps {
  title: string;
  rows: readonly Scoped[];
  href: string;
  where: string;
}

function Names({ title, rows, href, where }: NamesProps) {
  return (
    <div>
      <Box variant="awsui-key-label">{title}</Box>
      <SpaceBetween size="xxs">
        {rows.length === 0 && <Box color="text-body-secondary">None</Box>}
        {rows.map(({ id, name }) => (
          <div key={id}>{name}</div>
        ))}
        <RouterLink href={href} fontSize="body-s">
          {where}
        </RouterLink>
      </SpaceBetween>
    </div>
  );
}
