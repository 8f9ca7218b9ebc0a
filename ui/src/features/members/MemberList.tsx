import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import { useState } from "react";
import type { Group, Member } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DataList, type Column } from "@/components/DataList";
import { EmptyState } from "@/components/EmptyState";
import { Muted } from "@/components/Muted";
import { roleName } from "@/components/roleName";
import { useCan } from "@/features/account/AccountProvider";
import { GroupBadges } from "@/features/groups/GroupBadges";
import { groupNames } from "@/features/groups/useGroups";
import { MemberMenu, type MemberAction } from "./MemberMenu";
import { MemberName } from "./MemberName";
import { MemberState } from "./MemberState";

interface Props {
  members: readonly Member[] | null;
  groups: readonly Group[] | null;
  onAction: (action: MemberAction, member: Member) => void;
}

const EVERY = { value: "", label: "Every role" };
const FILTER_FROM = 6;

export function MemberList({ members, groups, onAction }: Props) {
  const canWrite = useCan("users:write");
  const [role, setRole] = useState("");
  const roles = [
    EVERY,
    ...[...new Set(members?.map((each) => each.role))].map((each) => ({ value: each, label: roleName(each) })),
  ];
  const shown = members?.filter((each) => !role || each.role === role) ?? null;
  const columns: Column<Member>[] = [
    {
      id: "title",
      header: "Name",
      cell: (member) => <MemberName member={member} />,
      sort: ({ name, email }) => name || email,
      minWidth: 200,
    },
    {
      id: "role",
      header: "Role",
      cell: (member) => roleName(member.role),
      sort: (member) => member.role,
      minWidth: 110,
    },
    {
      id: "groups",
      header: "Groups",
      cell: (member) => <GroupBadges ids={member.group_ids} groups={groups} />,
      minWidth: 160,
    },
    {
      id: "state",
      header: "State",
      cell: (member) => <MemberState member={member} />,
      sort: ({ disabled }) => Number(disabled),
      minWidth: 130,
    },
    {
      id: "seen",
      header: "Last sign-in",
      cell: ({ last_sign_in_at }) => (last_sign_in_at ? <Ago time={last_sign_in_at} /> : <Muted>Never</Muted>),
      sort: ({ last_sign_in_at }) => (last_sign_in_at ? -Date.parse(last_sign_in_at) : null),
      minWidth: 130,
    },
  ];
  if (canWrite) {
    columns.push({
      id: "actions",
      header: "Actions",
      cell: (member) => <MemberMenu member={member} onAction={onAction} />,
      minWidth: 165,
    });
  }
  return (
    <DataList
      label="Members"
      items={shown}
      columns={columns}
      text={({ name, email, group_ids }) => [name, email, ...groupNames(group_ids, groups)].join(" ")}
      search="Find members by name, e-mail or group"
      sortedBy="title"
      header={<Header counter={members ? `(${members.length})` : undefined}>People</Header>}
      filters={
        (members?.length ?? 0) >= FILTER_FROM && (
          <Select
            selectedOption={roles.find(({ value }) => value === role) ?? EVERY}
            options={roles}
            ariaLabel="Role"
            onChange={({ detail }) => setRole(detail.selectedOption.value ?? "")}
          />
        )
      }
      empty={<EmptyState title="Nobody here" text="People who accept an invitation appear here." />}
    />
  );
}
