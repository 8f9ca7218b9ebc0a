/** What somebody may do to a member, and which calls a filled-in form comes to. */
import type { Me, Member, MemberPatch, Role } from "@/api/types";

export interface MemberForm {
  name: string;
  role: Role;
  groupIds: readonly string[];
  /** The group whose limits their sessions count towards, once somebody chose: empty for none. */
  charged: string | undefined;
}

export const formOf = (member: Member): MemberForm => ({
  name: member.name,
  role: member.role,
  groupIds: member.group_ids,
  charged: undefined,
});

export interface Moves {
  join: string[];
  leave: string[];
}

export const movesOf = (member: Member, { groupIds }: MemberForm): Moves => ({
  join: groupIds.filter((id) => !member.group_ids.includes(id)),
  leave: member.group_ids.filter((id) => !groupIds.includes(id)),
});

/** The charged group that comes out: as chosen, else as the server does it by itself (the same, or the first). */
export function chargedGroup(member: Member, { groupIds, charged }: MemberForm): string | null {
  if (charged !== undefined && (charged === "" || groupIds.includes(charged))) return charged || null;
  if (member.charged_group_id !== null && groupIds.includes(member.charged_group_id)) return member.charged_group_id;
  if (member.charged_group_id === null && member.group_ids.length > 0) return null;
  return groupIds[0] ?? null;
}

/**
 * What is left to change once the groups are as in the form: only what differs, so that two administrators
 * with the same person open do not undo each other.
 */
export function patchOf(current: Member, form: MemberForm, charged: string | null): MemberPatch | null {
  const patch: MemberPatch = {
    ...(form.name.trim() !== current.name && { name: form.name.trim() }),
    ...(form.role !== current.role && { role: form.role }),
    ...(charged !== current.charged_group_id && { charged_group_id: charged }),
  };
  return Object.keys(patch).length > 0 ? patch : null;
}

/** Why this person may not do something to that one; undefined where they may. */
export interface Limits {
  edit: string | undefined;
  role: string | undefined;
  disable: string | undefined;
  remove: string | undefined;
}

const NOT_PERMITTED = "Your role does not permit it.";
const OWNERS_ONLY = "Only owners change owners.";

export function limitsOn(member: Member, me: Me): Limits {
  const may = (permission: string) => me.permissions.includes(permission);
  const barred = !may("users:write")
    ? NOT_PERMITTED
    : member.role === "owner" && !may("owners:write")
      ? OWNERS_ONLY
      : undefined;
  const self = member.id === me.user.id;
  return {
    edit: barred,
    role: barred ?? (self ? "Nobody changes their own role. Ask another administrator." : undefined),
    disable: barred ?? (self ? "You cannot disable yourself." : undefined),
    remove: barred ?? (self ? "You cannot remove yourself." : undefined),
  };
}
