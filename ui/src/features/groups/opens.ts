/** What a group opens: templates and controllers that name it. */
export interface Scoped {
  id: string;
  name: string;
  /** Empty: for everybody. */
  group_ids: readonly string[];
}

export const openedBy = <T extends Scoped>(groupId: string, rows: readonly T[]): T[] =>
  rows.filter(({ group_ids }) => group_ids.includes(groupId)).toSorted((a, b) => a.name.localeCompare(b.name));

/** What a choice of groups means for those who are not in them; null where it is for everybody. */
export function closedTo(groupIds: readonly string[], names: readonly string[]): string | null {
  if (groupIds.length === 0) return null;
  return names.length === 1 ? `Only for members of ${names[0] ?? ""}.` : `Only for members of ${list(names)}.`;
}

function list(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1) ?? ""}`;
}
