import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Controller, Group } from "@/api/types";
import { Ago } from "@/components/Ago";
import { byteCount, showCpu, showMemory } from "@/components/quantities";
import { GroupBadges } from "@/features/groups/GroupBadges";
import { Capacity, Health, Labels } from "./ControllerFacts";
import { placeName } from "./platforms";

interface Props {
  controller: Controller;
  groups: readonly Group[] | null;
}

/** What there is, what is booked and used, how the parts are, and what the controller is. */
export function ControllerDetails({ controller, groups }: Props) {
  return (
    <Container header={<Header variant="h2">Details</Header>}>
      <SpaceBetween size="l">
        <Capacity controller={controller} />
        <ColumnLayout columns={2} minColumnWidth={240}>
          <Health controller={controller} />
          <SpaceBetween size="s">
            <Labels labels={controller.labels} />
            <div data-testid="controller-groups">
              <Box variant="awsui-key-label">Sessions of</Box>
              <GroupBadges ids={controller.group_ids} groups={groups} none="Everybody" />
            </div>
          </SpaceBetween>
        </ColumnLayout>
        <KeyValuePairs
          columns={4}
          minColumnWidth={150}
          items={[
            { label: "Running, as its agents see it", value: usageWords(controller) },
            { label: "Free disk", value: diskWords(controller) },
            { label: "Last seen", value: controller.last_seen_at ? <Ago time={controller.last_seen_at} /> : "Never" },
            { label: "Added", value: <Ago time={controller.created_at} /> },
            { label: "Platform", value: placeName(controller.platform) },
            { label: "Agent version", value: controller.agent_version ?? "–" },
            {
              label: "Id",
              value: (
                <Box variant="code" fontSize="body-s">
                  {controller.id}
                </Box>
              ),
            },
          ]}
        />
      </SpaceBetween>
    </Container>
  );
}

/** Not every platform says it. */
function diskWords({ usage }: Controller): string {
  return usage && byteCount(usage.disk_free) > 0 ? showMemory(usage.disk_free) : "–";
}

function usageWords({ usage }: Controller): string {
  if (!usage) return "–";
  const instances = usage.instances === 1 ? "1 instance" : `${usage.instances} instances`;
  return usage.instances === 0 ? "No instance" : `${instances}: ${showCpu(usage.cpu)}, ${showMemory(usage.memory)}`;
}
