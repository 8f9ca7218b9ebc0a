import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Group } from "@/api/types";
import { groupNames } from "./useGroups";

interface Props {
  ids: readonly string[];
  groups: readonly Group[] | null;
  none?: string;
}

export function GroupBadges({ ids, groups, none = "–" }: Props) {
  if (ids.length === 0) return <Box color="text-body-secondary">{none}</Box>;
  return (
    <SpaceBetween direction="horizontal" size="xxs">
      {groupNames(ids, groups).map((name, position) => (
        <Badge key={`${name} ${position}`}>{name}</Badge>
      ))}
    </SpaceBetween>
  );
}
