import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import type { Member } from "@/api/types";
import { RouterLink } from "@/components/RouterLink";
import { useMe } from "@/features/account/AccountProvider";
import { pageOf } from "./pageOf";

export function MemberName({ member }: { member: Member }) {
  const { user } = useMe();
  return (
    <div data-testid={`member-${member.id}`}>
      <RouterLink href={pageOf(member)}>{member.name || member.email}</RouterLink>
      {member.id === user.id && (
        <>
          {" "}
          <Badge color="blue">You</Badge>
        </>
      )}
      {member.kind === "person" && (
        <Box color="text-body-secondary" fontSize="body-s">
          {member.email}
        </Box>
      )}
    </div>
  );
}
