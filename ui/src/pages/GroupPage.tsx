import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { getGroup, listGroupMembers } from "@/api/groups";
import type { Group } from "@/api/types";
import { useFlash } from "@/components/Flash";
import { Loading } from "@/components/Loading";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useRead } from "@/components/useRead";
import { useCan } from "@/features/account/AccountProvider";
import { GroupDialog } from "@/features/groups/GroupDialog";
import { GroupMembers } from "@/features/groups/GroupMembers";
import { GroupOpens } from "@/features/groups/GroupOpens";
import { RemoveGroupDialog } from "@/features/groups/RemoveGroupDialog";

export default function GroupPage() {
  const { groupId = "" } = useParams();
  const { data: group, problem, reload, set } = useRead(() => getGroup(groupId), groupId);
  if (!group) {
    return problem ? (
      <ContentLayout header={<Header variant="h1">Group</Header>}>
        <ProblemAlert problem={problem} header="This group cannot be shown" onRetry={() => void reload()} />
      </ContentLayout>
    ) : (
      <Loading />
    );
  }
  return <Details key={group.id} group={group} onChanged={set} />;
}

interface Props {
  group: Group;
  onChanged: (change: (before: Group) => Group) => void;
}

function Details({ group, onChanged }: Props) {
  const navigate = useNavigate();
  const flash = useFlash();
  const canWrite = useCan("groups:write");
  const members = useRead(() => listGroupMembers(group.id), group.id);
  const [dialog, setDialog] = useState<"edit" | "remove" | null>(null);
  const close = () => setDialog(null);
  return (
    <SpaceBetween size="m">
      <BreadcrumbGroup
        items={[
          { text: "Groups", href: "/groups" },
          { text: group.name, href: `/groups/${group.id}` },
        ]}
        onFollow={(event) => {
          event.preventDefault();
          void navigate(event.detail.href);
        }}
      />
      <ContentLayout
        header={
          <Header
            variant="h1"
            description={group.description}
            actions={
              canWrite && (
                <SpaceBetween direction="horizontal" size="xs">
                  <Button onClick={() => setDialog("edit")} data-testid="group-edit">
                    Change
                  </Button>
                  <Button onClick={() => setDialog("remove")} data-testid="group-remove">
                    Remove
                  </Button>
                </SpaceBetween>
              )
            }
          >
            {group.name}
          </Header>
        }
      >
        <SpaceBetween size="l">
          <GroupMembers
            group={group}
            members={members}
            onCount={(change) => onChanged((before) => ({ ...before, member_count: before.member_count + change }))}
          />
          <GroupOpens group={group} />
        </SpaceBetween>
        {dialog === "edit" && (
          <GroupDialog
            group={group}
            onCancel={close}
            onSaved={(saved) => {
              onChanged(() => saved);
              flash.success(`${saved.name} was changed.`);
              close();
            }}
          />
        )}
        {dialog === "remove" && (
          <RemoveGroupDialog
            group={group}
            onCancel={close}
            onRemoved={() => {
              flash.success(`${group.name} was removed.`);
              void navigate("/groups", { replace: true });
            }}
          />
        )}
      </ContentLayout>
    </SpaceBetween>
  );
}
