import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Header from "@cloudscape-design/components/header";
import type { ReactNode } from "react";
import type { Group } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DataList, type Column } from "@/components/DataList";
import { EmptyState } from "@/components/EmptyState";
import { RouterLink } from "@/components/RouterLink";
import { useCan } from "@/features/account/AccountProvider";

export type GroupAction = "edit" | "remove";

interface Props {
  groups: readonly Group[] | null;
  create: ReactNode;
  onAction: (action: GroupAction, group: Group) => void;
}

export function GroupList({ groups, create, onAction }: Props) {
  const canWrite = useCan("groups:write");
  const columns: Column<Group>[] = [
    {
      id: "title",
      header: "Name",
      cell: ({ id, name }) => (
        <span data-testid={`group-${id}`}>
          <RouterLink href={`/groups/${id}`}>{name}</RouterLink>
        </span>
      ),
      sort: ({ name }) => name,
      minWidth: 160,
    },
    { id: "description", header: "Description", cell: ({ description }) => description || "–", minWidth: 200 },
    {
      id: "members",
      header: "Members",
      cell: ({ member_count }) => member_count,
      sort: ({ member_count }) => member_count,
      minWidth: 110,
    },
    {
      id: "created",
      header: "Created",
      cell: ({ created_at }) => <Ago time={created_at} />,
      sort: ({ created_at }) => Date.parse(created_at),
      minWidth: 130,
    },
  ];
  if (canWrite) {
    columns.push({
      id: "actions",
      header: "Actions",
      cell: (group) => (
        <span data-testid={`group-menu-${group.id}`}>
          <ButtonDropdown
            items={[
              { id: "edit", text: "Change…" },
              { id: "remove", text: "Remove…" },
            ]}
            onItemClick={({ detail }) => onAction(detail.id as GroupAction, group)}
            ariaLabel={`Actions for ${group.name}`}
            expandToViewport
          >
            Actions
          </ButtonDropdown>
        </span>
      ),
      minWidth: 165,
    });
  }
  return (
    <DataList
      label="Groups"
      items={groups}
      columns={columns}
      text={({ name, description }) => `${name} ${description}`}
      search="Find groups"
      sortedBy="title"
      header={<Header counter={groups ? `(${groups.length})` : undefined}>All groups</Header>}
      empty={
        <EmptyState
          title="No groups"
          text="Put people into groups to open templates and controllers to some of them only."
          action={create}
        />
      }
    />
  );
}
