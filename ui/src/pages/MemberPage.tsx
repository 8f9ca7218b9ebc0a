import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useNavigate, useParams } from "react-router";
import { getMember } from "@/api/members";
import type { Member } from "@/api/types";
import { Loading } from "@/components/Loading";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useRead } from "@/components/useRead";
import { useCan } from "@/features/account/AccountProvider";
import { KeyList } from "@/features/apiKeys/KeyList";
import { useGroups } from "@/features/groups/useGroups";
import { MemberFacts } from "@/features/members/MemberFacts";
import { MemberMenu } from "@/features/members/MemberMenu";
import { pageOf } from "@/features/members/pageOf";
import { SignInList } from "@/features/members/SignInList";
import { useMemberActions } from "@/features/members/useMemberActions";

const MEMBERS = { text: "Members", href: "/members" };
const ACCOUNTS = { text: "Service accounts", href: "/api-keys?tab=service-accounts" };

export default function MemberPage() {
  const { userId = "" } = useParams();
  const { data: member, problem, reload, set } = useRead(() => getMember(userId), userId);
  if (!member) {
    return problem ? (
      <ContentLayout header={<Header variant="h1">Member</Header>}>
        <ProblemAlert problem={problem} header="This member cannot be shown" onRetry={() => void reload()} />
      </ContentLayout>
    ) : (
      <Loading />
    );
  }
  return <Details key={member.id} member={member} onChanged={(changed) => set(() => changed)} />;
}

function Details({ member, onChanged }: { member: Member; onChanged: (member: Member) => void }) {
  const navigate = useNavigate();
  const groups = useGroups();
  const canWrite = useCan("users:write");
  const seesKeys = useCan("api_keys:read_all");
  const list = member.kind === "person" ? MEMBERS : ACCOUNTS;
  const actions = useMemberActions({
    groups: groups.data,
    onChanged,
    onRemoved: () => void navigate(list.href, { replace: true }),
  });
  const name = member.name || member.email;
  return (
    <SpaceBetween size="m">
      <BreadcrumbGroup
        items={[list, { text: name, href: pageOf(member) }]}
        onFollow={(event) => {
          event.preventDefault();
          void navigate(event.detail.href);
        }}
      />
      <ContentLayout
        header={
          <Header variant="h1" actions={<MemberMenu member={member} onAction={actions.act} />}>
            {name}
          </Header>
        }
      >
        <SpaceBetween size="l">
          <MemberFacts member={member} groups={groups.data} />
          {member.kind === "person" && canWrite && <SignInList member={member} />}
          {seesKeys && <KeyList whose={{ user_id: member.id }} owner={member} />}
        </SpaceBetween>
        {actions.dialog}
      </ContentLayout>
    </SpaceBetween>
  );
}
