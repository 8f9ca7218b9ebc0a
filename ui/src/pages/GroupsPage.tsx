import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import { useState } from "react";
import { useNavigate } from "react-router";
import type { Group } from "@/api/types";
import { useFlash } from "@/components/Flash";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useCan } from "@/features/account/AccountProvider";
import { GroupDialog } from "@/features/groups/GroupDialog";
import { GroupList, type GroupAction } from "@/features/groups/GroupList";
import { RemoveGroupDialog } from "@/features/groups/RemoveGroupDialog";
import { useGroups } from "@/features/groups/useGroups";

type Dialog = { kind: "create" } | { kind: GroupAction; group: Group } | null;

export default function GroupsPage() {
  const canWrite = useCan("groups:write");
  const navigate = useNavigate();
  const flash = useFlash();
  const groups = useGroups();
  const [dialog, setDialog] = useState<Dialog>(null);
  const close = () => setDialog(null);
  const create = canWrite && (
    <Button variant="primary" onClick={() => setDialog({ kind: "create" })} data-testid="create-group">
      Create group
    </Button>
  );
  return (
    <ContentLayout
      header={
        <Header variant="h1" description="People who share templates, controllers and limits." actions={create}>
          Groups
        </Header>
      }
    >
      {groups.problem ? (
        <ProblemAlert
          problem={groups.problem}
          header="The groups could not be read"
          onRetry={() => void groups.reload()}
        />
      ) : (
        <GroupList groups={groups.data} create={create} onAction={(kind, group) => setDialog({ kind, group })} />
      )}
      {dialog?.kind === "create" && (
        <GroupDialog group={null} onCancel={close} onSaved={({ id }) => void navigate(`/groups/${id}`)} />
      )}
      {dialog?.kind === "edit" && (
        <GroupDialog
          group={dialog.group}
          onCancel={close}
          onSaved={(saved) => {
            groups.set((before) => before.map((each) => (each.id === saved.id ? saved : each)));
            flash.success(`${saved.name} was changed.`);
            close();
          }}
        />
      )}
      {dialog?.kind === "remove" && (
        <RemoveGroupDialog
          group={dialog.group}
          onCancel={close}
          onRemoved={() => {
            groups.set((before) => before.filter(({ id }) => id !== dialog.group.id));
            flash.success(`${dialog.group.name} was removed.`);
            close();
          }}
        />
      )}
    </ContentLayout>
  );
}
