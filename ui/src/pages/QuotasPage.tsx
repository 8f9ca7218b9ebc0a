import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { listGroups } from "@/api/groups";
import { listMembers } from "@/api/members";
import { listQuotas, type Quota, type Subject } from "@/api/quotas";
import { useFlash } from "@/components/Flash";
import { Loading } from "@/components/Loading";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useRead } from "@/components/useRead";
import { useCan, useMe } from "@/features/account/AccountProvider";
import { LimitsDialog } from "@/features/quotas/LimitsDialog";
import { QuotaCard } from "@/features/quotas/QuotaCard";
import { ResetDialog } from "@/features/quotas/ResetDialog";
import { subjectsOf, type SubjectRow } from "@/features/quotas/subjects";
import { SubjectTable } from "@/features/quotas/SubjectTable";

interface Editing {
  title: string;
  text: string;
  subject: Subject;
  quota: Quota;
}

export default function QuotasPage() {
  const canEdit = useCan("quotas:write");
  const reading = { members: useCan("users:read"), groups: useCan("groups:read") };
  const { user } = useMe();
  const flash = useFlash();
  const [editing, setEditing] = useState<Editing | null>(null);
  const [resetting, setResetting] = useState<SubjectRow | null>(null);
  const { data, problem, reload } = useRead(async () => {
    const [quotas, groups, people, services] = await Promise.all([
      listQuotas(),
      reading.groups ? listGroups() : [],
      canEdit && reading.members ? listMembers("person") : [],
      canEdit && reading.members ? listMembers("service") : [],
    ]);
    return { quotas, groups, members: [...people, ...services] };
  });
  const subjects = data && subjectsOf(data.quotas, data.groups, data.members);
  const mine = subjects?.members.find(({ id }) => id === user.id);
  const myGroup = subjects?.groups.find(({ id }) => id === user.charged_group_id);

  const edit = (row: SubjectRow) =>
    setEditing({
      title: `Limits of ${row.name}`,
      text:
        row.subject.scope === "group"
          ? "What all sessions that are charged to this group may take together."
          : row.quota.inherited
            ? `${row.name} has the default limits now. What you save here holds for ${row.name} alone, and later changes of the default no longer do.`
            : `These limits hold for ${row.name} in place of the default.`,
      subject: row.subject,
      quota: row.quota,
    });
  const saved = (what: string) => {
    flash.success(`${what} saved.`);
    setEditing(null);
    void reload();
  };

  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description="How much may be in use at once. A session must fit into every limit that it counts towards."
        >
          Quotas
        </Header>
      }
    >
      <SpaceBetween size="l">
        <ProblemAlert problem={problem} header="The quotas could not be read" onRetry={() => void reload()} />
        {!data && !problem && <Loading />}
        {subjects && (
          <SpaceBetween size="l">
            <QuotaCard
              title="Organisation"
              description="What everybody's sessions take together."
              quota={subjects.organisation}
              onEdit={
                canEdit
                  ? () =>
                      setEditing({
                        title: "Limits of the organisation",
                        text: "What everybody's sessions may take together.",
                        subject: { scope: "tenant" },
                        quota: subjects.organisation,
                      })
                  : undefined
              }
            />
            {!canEdit && mine && (
              <QuotaCard
                title="Yours"
                description={mine.quota.inherited ? "The default for members." : "Limits that were set for you."}
                quota={mine.quota}
              />
            )}
            {!canEdit && myGroup && (
              <QuotaCard
                title={reading.groups ? `Your group: ${myGroup.name}` : "Your group"}
                description="Your sessions count towards this group's limits."
                quota={myGroup.quota}
              />
            )}
            {canEdit && (
              <SpaceBetween size="l">
                <QuotaCard
                  title="Default for members"
                  description="Holds for each member who has no limits of their own."
                  quota={subjects.default}
                  limitsOnly
                  onEdit={() =>
                    setEditing({
                      title: "Default limits for members",
                      text: "What the sessions of each member may take, unless they have limits of their own.",
                      subject: { scope: "user-default" },
                      quota: subjects.default,
                    })
                  }
                />
                <SubjectTable kind="group" rows={subjects.groups} canEdit onEdit={edit} onReset={setResetting} />
                <SubjectTable kind="user" rows={subjects.members} canEdit onEdit={edit} onReset={setResetting} />
              </SpaceBetween>
            )}
          </SpaceBetween>
        )}
      </SpaceBetween>
      {editing && (
        <LimitsDialog
          {...editing}
          counts={editing.subject.scope !== "user-default"}
          onClose={() => setEditing(null)}
          onSaved={() => saved(editing.title)}
        />
      )}
      {resetting && (
        <ResetDialog
          row={resetting}
          onClose={() => setResetting(null)}
          onReset={() => {
            flash.success(`${resetting.name} no longer has limits of their own.`);
            setResetting(null);
            void reload();
          }}
        />
      )}
    </ContentLayout>
  );
}
