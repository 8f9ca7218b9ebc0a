import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Toggle from "@cloudscape-design/components/toggle";
import { useState } from "react";
import { resendInvitation, revokeInvitation } from "@/api/members";
import type { Group, Invitation } from "@/api/types";
import { Ago } from "@/components/Ago";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { DataList, type Column } from "@/components/DataList";
import { EmptyState } from "@/components/EmptyState";
import { useFlash } from "@/components/Flash";
import { roleName } from "@/components/roleName";
import { useNow } from "@/components/useNow";
import { useCan } from "@/features/account/AccountProvider";
import { GroupBadges } from "@/features/groups/GroupBadges";
import { isOpen, lookOf, stateOf } from "./invitations";

interface Props {
  /** Null while they are read. */
  invitations: readonly Invitation[] | null;
  groups: readonly Group[] | null;
  /** Who is meant by an id. */
  nameOf: (userId: string) => string;
  onSent: (invitation: Invitation) => void;
  onRevoked: (invitation: Invitation) => void;
}

export function InvitationList({ invitations, groups, nameOf, onSent, onRevoked }: Props) {
  const flash = useFlash();
  const now = useNow(30_000);
  const canWrite = useCan("users:write");
  const [all, setAll] = useState(false);
  const [sending, setSending] = useState<string | null>(null);
  const [revoking, setRevoking] = useState<Invitation | null>(null);
  const answered = invitations?.some((each) => !isOpen(each)) ?? false;
  const shown = invitations?.filter((each) => all || isOpen(each)) ?? null;

  const resend = async (invitation: Invitation) => {
    setSending(invitation.id);
    try {
      onSent(await resendInvitation(invitation.id));
    } catch (error) {
      flash.failure(`${invitation.email} was not invited again`, error);
    }
    setSending(null);
  };

  const columns: Column<Invitation>[] = [
    {
      id: "title",
      header: "E-mail",
      cell: (each) => (
        <span data-testid={`invitation-${each.id}`}>
          {each.email}
          {each.name && (
            <Box color="text-body-secondary" fontSize="body-s">
              {each.name}
            </Box>
          )}
        </span>
      ),
      sort: (each) => each.email,
      minWidth: 200,
    },
    { id: "role", header: "Role", cell: (each) => roleName(each.role), sort: (each) => each.role, minWidth: 100 },
    {
      id: "groups",
      header: "Groups",
      cell: (each) => <GroupBadges ids={each.group_ids} groups={groups} />,
      minWidth: 140,
    },
    {
      id: "state",
      header: "State",
      cell: (each) => {
        const state = stateOf(each, now);
        return (
          <span data-testid="invitation-state" data-state={state}>
            <StatusIndicator type={lookOf(state).type}>{lookOf(state).label}</StatusIndicator>
            {isOpen(each) && (
              <Box color="text-body-secondary" fontSize="body-s">
                {state === "pending" ? "expires " : ""}
                <Ago time={each.expires_at} />
              </Box>
            )}
          </span>
        );
      },
      minWidth: 180,
    },
    {
      id: "created",
      header: "Invited",
      cell: (each) => (
        <>
          <Ago time={each.created_at} />
          <Box color="text-body-secondary" fontSize="body-s">
            by {nameOf(each.created_by)}
          </Box>
        </>
      ),
      sort: (each) => Date.parse(each.created_at),
      minWidth: 140,
    },
  ];
  if (canWrite) {
    columns.push({
      id: "actions",
      header: "Actions",
      cell: (each) =>
        isOpen(each) && (
          <SpaceBetween direction="horizontal" size="xs">
            <Button
              variant="inline-link"
              loading={sending === each.id}
              onClick={() => void resend(each)}
              ariaLabel={`Send ${each.email} another link`}
              data-testid={`resend-${each.id}`}
            >
              Resend
            </Button>
            <Button
              variant="inline-link"
              onClick={() => setRevoking(each)}
              ariaLabel={`Revoke the invitation of ${each.email}`}
              data-testid={`revoke-${each.id}`}
            >
              Revoke
            </Button>
          </SpaceBetween>
        ),
      minWidth: 150,
    });
  }

  return (
    <>
      <DataList
        label="Invitations"
        items={shown}
        columns={columns}
        text={({ email, name }) => `${email} ${name}`}
        search="Find invitations"
        sortedBy="created"
        descending
        header={<Header counter={shown ? `(${shown.length})` : undefined}>Invitations</Header>}
        filters={
          answered && (
            <Box padding={{ top: "xxs" }}>
              <Toggle checked={all} onChange={({ detail }) => setAll(detail.checked)}>
                Show accepted and revoked
              </Toggle>
            </Box>
          )
        }
        empty={<EmptyState title="No open invitations" text="Invitations that wait for an answer appear here." />}
      />
      {revoking && (
        <ConfirmDialog
          header={`Revoke the invitation of ${revoking.email}?`}
          confirm="Revoke"
          failure="The invitation was not revoked"
          testId="revoke-confirm"
          onCancel={() => setRevoking(null)}
          onConfirm={async () => {
            await revokeInvitation(revoking.id);
            onRevoked(revoking);
            flash.success(`The invitation of ${revoking.email} was revoked.`);
            setRevoking(null);
          }}
        >
          <Box>Its link stops working at once. You can invite them again later.</Box>
        </ConfirmDialog>
      )}
    </>
  );
}
