import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import { useState } from "react";
import { useNavigate } from "react-router";
import type { Member } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DataList, type Column } from "@/components/DataList";
import { EmptyState } from "@/components/EmptyState";
import { roleName } from "@/components/roleName";
import { useCan } from "@/features/account/AccountProvider";
import { GroupBadges } from "@/features/groups/GroupBadges";
import { useGroups } from "@/features/groups/useGroups";
import { MemberMenu } from "@/features/members/MemberMenu";
import { MemberName } from "@/features/members/MemberName";
import { MemberState } from "@/features/members/MemberState";
import { pageOf } from "@/features/members/pageOf";
import { useMemberActions } from "@/features/members/useMemberActions";
import { ServiceAccountDialog } from "./ServiceAccountDialog";

interface Props {
  accounts: readonly Member[] | null;
  onChanged: (account: Member) => void;
  onRemoved: (account: Member) => void;
}

/** Programs with a role of their own. Their keys are on their pages. */
export function ServiceAccountList({ accounts, onChanged, onRemoved }: Props) {
  const navigate = useNavigate();
  const canCreate = useCan("api_keys:write_all");
  const groups = useGroups();
  const [creating, setCreating] = useState(false);
  const actions = useMemberActions({ groups: groups.data, onChanged, onRemoved });
  const create = canCreate && (
    <Button onClick={() => setCreating(true)} data-testid="create-account">
      Create service account
    </Button>
  );
  const columns: Column<Member>[] = [
    {
      id: "title",
      header: "Name",
      cell: (account) => <MemberName member={account} />,
      sort: ({ name }) => name,
      minWidth: 180,
    },
    { id: "role", header: "Role", cell: ({ role }) => roleName(role), sort: ({ role }) => role, minWidth: 110 },
    {
      id: "groups",
      header: "Groups",
      cell: ({ group_ids }) => <GroupBadges ids={group_ids} groups={groups.data} />,
      minWidth: 150,
    },
    { id: "state", header: "State", cell: (account) => <MemberState member={account} />, minWidth: 110 },
    {
      id: "created",
      header: "Created",
      cell: ({ created_at }) => <Ago time={created_at} />,
      sort: ({ created_at }) => Date.parse(created_at),
      minWidth: 120,
    },
    {
      id: "actions",
      header: "Actions",
      cell: (account) => <MemberMenu member={account} onAction={actions.act} />,
      minWidth: 165,
    },
  ];
  return (
    <>
      <DataList
        label="Service accounts"
        items={accounts}
        columns={columns}
        text={({ name }) => name}
        search="Find service accounts"
        sortedBy="title"
        header={
          <Header
            counter={accounts ? `(${accounts.length})` : undefined}
            description="Programs with a role of their own. They have API keys and no password."
            actions={create}
          >
            Service accounts
          </Header>
        }
        empty={
          <EmptyState
            title="No service accounts"
            text="Use one for whatever must keep working when a person leaves."
            action={create}
          />
        }
      />
      {creating && (
        <ServiceAccountDialog
          groups={groups.data}
          onCancel={() => setCreating(false)}
          onCreated={(account) => {
            onChanged(account);
            // Its page is where the first key is made.
            void navigate(pageOf(account));
          }}
        />
      )}
      {actions.dialog}
    </>
  );
}
