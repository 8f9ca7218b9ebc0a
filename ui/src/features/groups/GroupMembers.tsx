import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import { useState } from "react";
import { removeFromGroup } from "@/api/groups";
import type { Group, Member } from "@/api/types";
import { DataList, type Column } from "@/components/DataList";
import { EmptyState } from "@/components/EmptyState";
import { useFlash } from "@/components/Flash";
import { ProblemAlert } from "@/components/ProblemAlert";
import { roleName } from "@/components/roleName";
import type { Read } from "@/components/useRead";
import { useCan } from "@/features/account/AccountProvider";
import { MemberName } from "@/features/members/MemberName";
import { MemberState } from "@/features/members/MemberState";
import { AddMembersDialog } from "./AddMembersDialog";

interface Props {
  group: Group;
  members: Read<Member[]>;
  onCount: (change: number) => void;
}

export function GroupMembers({ group, members: { data: members, problem, reload, set }, onCount }: Props) {
  const canWrite = useCan("groups:write");
  const flash = useFlash();
  const [adding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<string | null>(null);

  const remove = async (member: Member) => {
    setLeaving(member.id);
    try {
      await removeFromGroup(group.id, member.id);
      set((before) => before.filter(({ id }) => id !== member.id));
      onCount(-1);
    } catch (error) {
      flash.failure(`${member.name || member.email} is still in ${group.name}`, error);
    }
    setLeaving(null);
  };
  const columns: Column<Member>[] = [
    {
      id: "title",
      header: "Name",
      cell: (member) => <MemberName member={member} />,
      sort: ({ name, email }) => name || email,
      minWidth: 200,
    },
    { id: "role", header: "Role", cell: ({ role }) => roleName(role), sort: ({ role }) => role, minWidth: 110 },
    { id: "state", header: "State", cell: (member) => <MemberState member={member} />, minWidth: 110 },
  ];
  if (canWrite) {
    columns.push({
      id: "actions",
      header: "Actions",
      cell: (member) => (
        <Button
          variant="inline-link"
          loading={leaving === member.id}
          onClick={() => void remove(member)}
          ariaLabel={`Take ${member.name || member.email} out of ${group.name}`}
          data-testid={`leave-${member.id}`}
        >
          Take out
        </Button>
      ),
      minWidth: 110,
    });
  }
  if (problem && !members) {
    return <ProblemAlert problem={problem} header="The members could not be read" onRetry={() => void reload()} />;
  }
  const add = canWrite && (
    <Button onClick={() => setAdding(true)} disabled={!members} data-testid="group-add-members">
      Add members
    </Button>
  );
  return (
    <>
      <DataList
        label="Members of the group"
        items={members}
        columns={columns}
        text={({ name, email }) => `${name} ${email}`}
        search="Find members"
        sortedBy="title"
        header={
          <Header counter={members ? `(${members.length})` : undefined} actions={add}>
            Members
          </Header>
        }
        empty={<EmptyState title="Nobody is in this group" text="Members see what it opens." action={add} />}
      />
      {adding && members && (
        <AddMembersDialog
          group={group}
          members={members}
          onCancel={() => setAdding(false)}
          onAdded={(added) => {
            onCount(added);
            void reload();
            setAdding(false);
          }}
        />
      )}
    </>
  );
}
