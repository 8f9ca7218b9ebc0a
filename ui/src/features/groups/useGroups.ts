import { listGroups } from "@/api/groups";
import type { Group } from "@/api/types";
import { useRead, type Read } from "@/components/useRead";
import { useCan } from "@/features/account/AccountProvider";

const GONE = "Removed group";

/** All groups; none for those who may not see them. */
export function useGroups(): Read<Group[]> {
  const permitted = useCan("groups:read");
  return useRead<Group[]>(() => (permitted ? listGroups() : Promise.resolve([])));
}

/** Names for ids, in the order of the names. What is only for a group that was removed stays closed, so it shows. */
export function groupNames(ids: readonly string[], groups: readonly Group[] | null): string[] {
  const names = new Map(groups?.map(({ id, name }) => [id, name]));
  return ids.map((id) => names.get(id) ?? (groups ? GONE : id)).toSorted((a, b) => a.localeCompare(b));
}
