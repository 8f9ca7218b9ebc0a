import Alert from "@cloudscape-design/components/alert";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import { listApiKeys } from "@/api/apiKeys";
import { listTemplates } from "@/api/catalog";
import { listControllers } from "@/api/controllers";
import { listMembers } from "@/api/members";
import type { Plan } from "@/api/organisation";
import { listQuotas } from "@/api/quotas";
import { Bar } from "@/components/Bar";
import { Loading } from "@/components/Loading";
import { useRead } from "@/components/useRead";
import { useMe } from "@/features/account/AccountProvider";
import { SectionForm } from "@/components/SectionForm";

type Limited = keyof Plan["limits"];

const LABELS: Readonly<Record<Limited, string>> = {
  members: "Members",
  controllers: "Controllers",
  templates: "Templates",
  api_keys: "API keys",
  sessions: "Sessions",
};

/** What the plan allows, and how much of it is taken as far as this person may see it. */
export function PlanUse({ plan: { name, limits } }: { plan: Plan }) {
  const { permissions } = useMe();
  const may = (permission: string) => permissions.includes(permission);
  const { data: used, problem } = useRead(async () => {
    const count = (permission: string, read: () => Promise<number>) => (may(permission) ? read() : null);
    const [members, controllers, templates, api_keys, sessions] = await Promise.all([
      count("users:read", async () => (await listMembers("person")).length),
      count("controllers:read", async () => (await listControllers()).length),
      count("templates:read", async () => (await listTemplates()).length),
      count(
        "api_keys:read_all",
        async () => (await listApiKeys({ all: true })).filter(({ state }) => state === "active").length,
      ),
      count(
        "quotas:read",
        async () => (await listQuotas()).find(({ scope }) => scope === "tenant")?.used.sessions ?? 0,
      ),
    ]);
    return { members, controllers, templates, api_keys, sessions };
  });
  return (
    <SectionForm
      title={`Plan: ${name.replace(/^./, (first) => first.toUpperCase())}`}
      description="What your organisation may have. The operator of this StreamSpace changes the plan."
    >
      {problem && <Alert type="warning">What is in use could not be read: {problem.message}</Alert>}
      {!used && !problem ? (
        <Loading />
      ) : (
        <div data-testid="plan-use">
          <ColumnLayout columns={3} minColumnWidth={160}>
            {(Object.keys(LABELS) as Limited[]).map((each) => {
              const limit = limits[each];
              const taken = used?.[each] ?? null;
              const of = limit === null ? "no limit" : `${taken === null ? "at most" : "of"} ${limit}`;
              return (
                <Bar
                  key={each}
                  label={LABELS[each]}
                  value={taken ?? 0}
                  max={taken === null ? null : limit}
                  text={taken === null ? of : limit === null ? `${taken} (${of})` : `${taken} ${of}`}
                />
              );
            })}
          </ColumnLayout>
        </div>
      )}
    </SectionForm>
  );
}
