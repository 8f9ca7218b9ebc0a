import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Controller, Group } from "@/api/types";
import { Ago } from "@/components/Ago";
import { RouterLink } from "@/components/RouterLink";
import { GroupBadges } from "@/features/groups/GroupBadges";
import { Capacity, Health, Labels } from "./ControllerFacts";
import { ControllerMenu, type ControllerAction } from "./ControllerMenu";
import { ControllerState } from "./ControllerState";
import { drainProgress } from "./maintenance";
import { placeName } from "./platforms";

interface Props {
  controller: Controller;
  groups: readonly Group[] | null;
  canManage: boolean;
  onAction: (action: ControllerAction, controller: Controller) => void;
}

export function ControllerCard({ controller, groups, canManage, onAction }: Props) {
  const { drain } = controller;
  return (
    <div data-testid={`controller-${controller.id}`} data-state={controller.state}>
      <Container
        header={
          <Header
            variant="h2"
            description={
              <SpaceBetween direction="horizontal" size="s" alignItems="center">
                <ControllerState controller={controller} />
                {drain && drain.remaining > 0 && <span>{drainProgress(drain)}</span>}
                <span>
                  {[placeName(controller.platform), controller.agent_version && `agent ${controller.agent_version}`]
                    .filter(Boolean)
                    .join(" · ")}
                  {controller.last_seen_at ? (
                    <>
                      {" "}
                      · seen <Ago time={controller.last_seen_at} />
                    </>
                  ) : (
                    " · not seen yet"
                  )}
                </span>
              </SpaceBetween>
            }
            actions={canManage && <ControllerMenu controller={controller} onAction={onAction} />}
          >
            <RouterLink href={`/controllers/${controller.id}`} fontSize="inherit" data-testid="controller-open">
              {controller.name}
            </RouterLink>
          </Header>
        }
      >
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
        </SpaceBetween>
      </Container>
    </div>
  );
}
