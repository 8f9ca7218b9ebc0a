import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import Tabs from "@cloudscape-design/components/tabs";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { listInvitations, listMembers } from "@/api/members";
import type { Invitation } from "@/api/types";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useRead } from "@/components/useRead";
import { useCan } from "@/features/account/AccountProvider";
import { useGroups } from "@/features/groups/useGroups";
import { InvitationLinkDialog } from "@/features/members/InvitationLinkDialog";
import { InvitationList } from "@/features/members/InvitationList";
import { isOpen } from "@/features/members/invitations";
import { InviteDialog } from "@/features/members/InviteDialog";
import { MemberList } from "@/features/members/MemberList";
import { useMemberActions } from "@/features/members/useMemberActions";

type Dialog = { kind: "invite" } | { kind: "link"; invitation: Invitation; again: boolean } | null;

export default function MembersPage() {
  const canInvite = useCan("users:write");
  const [search, setSearch] = useSearchParams();
  const [dialog, setDialog] = useState<Dialog>(null);
  const members = useRead(() => listMembers("person"));
  const invitations = useRead(listInvitations);
  const groups = useGroups();
  const actions = useMemberActions({
    groups: groups.data,
    onChanged: (changed) => members.set((before) => before.map((each) => (each.id === changed.id ? changed : each))),
    onRemoved: (removed) => members.set((before) => before.filter(({ id }) => id !== removed.id)),
  });
  const open = invitations.data?.filter(isOpen).length ?? 0;
  const put = (invitation: Invitation) =>
    invitations.set((before) => [invitation, ...before.filter(({ id }) => id !== invitation.id)]);

  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description="Who belongs to your organisation, and what they may do."
          actions={
            canInvite && (
              <Button variant="primary" onClick={() => setDialog({ kind: "invite" })} data-testid="invite">
                Invite
              </Button>
            )
          }
        >
          Members
        </Header>
      }
    >
      <Tabs
        ariaLabel="Members and invitations"
        activeTabId={search.get("tab") ?? "people"}
        onChange={({ detail }) =>
          setSearch(detail.activeTabId === "people" ? {} : { tab: detail.activeTabId }, { replace: true })
        }
        tabs={[
          {
            id: "people",
            label: "People",
            content: members.problem ? (
              <ProblemAlert
                problem={members.problem}
                header="The members could not be read"
                onRetry={() => void members.reload()}
              />
            ) : (
              <MemberList members={members.data} groups={groups.data} onAction={actions.act} />
            ),
          },
          {
            id: "invitations",
            label: open > 0 ? `Invitations (${open})` : "Invitations",
            content: invitations.problem ? (
              <ProblemAlert
                problem={invitations.problem}
                header="The invitations could not be read"
                onRetry={() => void invitations.reload()}
              />
            ) : (
              <InvitationList
                invitations={invitations.data}
                groups={groups.data}
                nameOf={(id) => members.data?.find((each) => each.id === id)?.name ?? "somebody who left"}
                onSent={(invitation) => {
                  put(invitation);
                  setDialog({ kind: "link", invitation, again: true });
                }}
                onRevoked={(revoked) => put({ ...revoked, state: "revoked" })}
              />
            ),
          },
        ]}
      />
      {dialog?.kind === "invite" && (
        <InviteDialog
          groups={groups.data}
          onCancel={() => setDialog(null)}
          onInvited={(invitation) => {
            put(invitation);
            setDialog({ kind: "link", invitation, again: false });
          }}
        />
      )}
      {dialog?.kind === "link" && (
        <InvitationLinkDialog invitation={dialog.invitation} again={dialog.again} onClose={() => setDialog(null)} />
      )}
      {actions.dialog}
    </ContentLayout>
  );
}
