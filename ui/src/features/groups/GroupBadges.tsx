import Badge from "@cloudscape-design/components/badge";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Group } from "@/api/types";
import { Muted } from "@/components/Muted";
import { groupNames } from "./useGroups";

interface Props {
  ids: readonly string[];
  groups: readonly Group[] | null;
  none?: string;
}

export function GroupBadges({ ids, groups, none = "–" }: Props) {
  if (ids.length === 0) return <Muted>{none}</Muted>;
  return (
    <SpaceBetween direction="horizontal" size="xxs">
      {groupNames(ids, groups).map((name, position) => (
        <Badge key={`${name} ${position}`}>{name}</Badge>
      ))}
    </SpaceBetween>
  );
}
