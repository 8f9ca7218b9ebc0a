import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import type { Group, Member } from "@/api/types";
import { Ago } from "@/components/Ago";
import { roleName } from "@/components/roleName";
import { GroupBadges } from "@/features/groups/GroupBadges";
import { MemberState } from "./MemberState";

interface Props {
  member: Member;
  groups: readonly Group[] | null;
}

export function MemberFacts({ member, groups }: Props) {
  const person = member.kind === "person";
  return (
    <Container header={<Header variant="h2">{person ? "Profile" : "Account"}</Header>}>
      <KeyValuePairs
        columns={3}
        items={[
          ...(person ? [{ label: "E-mail", value: member.email }] : []),
          { label: "Role", value: <span data-testid="member-role">{roleName(member.role)}</span> },
          { label: "State", value: <MemberState member={member} /> },
          { label: "Groups", value: <GroupBadges ids={member.group_ids} groups={groups} none="None" /> },
          {
            label: "Sessions count towards",
            value: member.charged_group_id ? (
              <GroupBadges ids={[member.charged_group_id]} groups={groups} />
            ) : (
              "Their own quota only"
            ),
          },
          { label: person ? "Member since" : "Created", value: <Ago time={member.created_at} /> },
          ...(person
            ? [
                {
                  label: "Last sign-in",
                  value: member.last_sign_in_at ? <Ago time={member.last_sign_in_at} /> : "Never",
                },
              ]
            : []),
        ]}
      />
    </Container>
  );
}
