import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import type { Member } from "@/api/types";
import { useMe } from "@/features/account/AccountProvider";
import { limitsOn } from "./changes";

export type MemberAction = "edit" | "disable" | "enable" | "remove";

interface Props {
  member: Member;
  onAction: (action: MemberAction, member: Member) => void;
}

/** What may be done to somebody; what may not be says why. Nothing at all for those who only look. */
export function MemberMenu({ member, onAction }: Props) {
  const me = useMe();
  if (!me.permissions.includes("users:write")) return null;
  const limits = limitsOn(member, me);
  const item = (id: MemberAction, text: string, limit: string | undefined) => ({
    id,
    text,
    disabled: limit !== undefined,
    ...(limit !== undefined && { disabledReason: limit }),
  });
  return (
    <span data-testid={`member-menu-${member.id}`}>
      <ButtonDropdown
        items={[
          item("edit", "Change…", limits.edit),
          member.disabled ? item("enable", "Enable", limits.disable) : item("disable", "Disable…", limits.disable),
          item("remove", "Remove…", limits.remove),
        ]}
        onItemClick={({ detail }) => onAction(detail.id as MemberAction, member)}
        ariaLabel={`Actions for ${member.name || member.email}`}
        expandToViewport
      >
        Actions
      </ButtonDropdown>
    </span>
  );
}
