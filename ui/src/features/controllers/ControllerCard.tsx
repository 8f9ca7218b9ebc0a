import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Controller, Group } from "@/api/types";
import { Ago } from "@/components/Ago";
import { Bar } from "@/components/Bar";
import { byteCount, cpuMillis, showBytes, showCores } from "@/components/quantities";
import { GroupBadges } from "@/features/groups/GroupBadges";
import { parts, stateLook, type Part } from "./health";

export type ControllerAction = "edit" | "cordon" | "uncordon" | "remove" | "reconnect";

interface Props {
  controller: Controller;
  groups: readonly Group[] | null;
  canManage: boolean;
  onAction: (action: ControllerAction, controller: Controller) => void;
}

export function ControllerCard({ controller, groups, canManage, onAction }: Props) {
  const { label, type } = stateLook(controller);
  return (
    <div data-testid={`controller-${controller.id}`} data-state={controller.state}>
      <Container
        header={
          <Header
            variant="h2"
            description={
              <SpaceBetween direction="horizontal" size="s" alignItems="center">
                <span data-testid="controller-state" data-state={controller.state}>
                  <StatusIndicator type={type}>{label}</StatusIndicator>
                </span>
                {controller.cordoned && <Badge color="severity-medium">Cordoned</Badge>}
                <span>
                  {[controller.platform, controller.agent_version && `agent ${controller.agent_version}`]
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
            actions={canManage && <Menu controller={controller} onAction={onAction} />}
          >
            {controller.name}
          </Header>
        }
      >
        <SpaceBetween size="l">
          <Capacity controller={controller} />
          <ColumnLayout columns={2} minColumnWidth={240}>
            <div>
              <Box variant="awsui-key-label">Health</Box>
              <SpaceBetween size="xxs">
                {parts(controller).map((part) => (
                  <PartLine key={part.name} part={part} />
                ))}
              </SpaceBetween>
            </div>
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

function Menu({ controller, onAction }: Omit<Props, "canManage" | "groups">) {
  return (
    <span data-testid="controller-menu" data-controller-id={controller.id}>
      <ButtonDropdown
        items={[
          { id: "edit", text: "Change…", secondaryText: "Name, groups, session limit, labels" },
          controller.cordoned
            ? { id: "uncordon", text: "Uncordon", secondaryText: "Accept new sessions again" }
            : { id: "cordon", text: "Cordon", secondaryText: "No new sessions; running ones stay" },
          { id: "reconnect", text: "Enrol again…", secondaryText: "A command for another agent of this controller" },
          { id: "remove", text: "Remove…" },
        ]}
        onItemClick={({ detail }) => onAction(detail.id as ControllerAction, controller)}
        expandToViewport
      >
        Actions
      </ButtonDropdown>
    </span>
  );
}

function Capacity({ controller: { capacity, booked, session_limit: limit } }: { controller: Controller }) {
  const cpu = cpuMillis(booked.cpu);
  const memory = byteCount(booked.memory);
  if (!capacity) {
    return <Box color="text-body-secondary">The capacity is known once the agent has called.</Box>;
  }
  const allCpu = cpuMillis(capacity.cpu);
  const allMemory = byteCount(capacity.memory);
  return (
    <ColumnLayout columns={3} minColumnWidth={180}>
      <Bar label="CPU booked" value={cpu} max={allCpu} text={`${showCores(cpu)} of ${showCores(allCpu)}`} />
      <Bar
        label="Memory booked"
        value={memory}
        max={allMemory}
        text={`${showBytes(memory)} of ${showBytes(allMemory)}`}
      />
      {capacity.gpu > 0 ? (
        <Bar label="GPUs booked" value={booked.gpu} max={capacity.gpu} text={`${booked.gpu} of ${capacity.gpu}`} />
      ) : (
        <div>
          <Box fontSize="body-s" color="text-body-secondary">
            Sessions
          </Box>
          <Box fontWeight="bold">{limit === null ? booked.sessions : `${booked.sessions} of ${limit}`}</Box>
        </div>
      )}
    </ColumnLayout>
  );
}

function PartLine({ part }: { part: Part }) {
  const type = part.ok === null ? "pending" : part.ok ? "success" : "error";
  const words = part.ok === null ? "not known yet" : part.ok ? "ok" : "failing";
  return (
    <div>
      <StatusIndicator type={type}>{`${part.name}: ${words}`}</StatusIndicator>
      {part.reason && (
        <Box color="text-body-secondary" fontSize="body-s" padding={{ left: "l" }}>
          <span data-testid="reason">{part.reason}</span>
        </Box>
      )}
    </div>
  );
}

function Labels({ labels }: { labels: Controller["labels"] }) {
  const entries = Object.entries(labels);
  return (
    <div>
      <Box variant="awsui-key-label">Labels</Box>
      {entries.length === 0 ? (
        <Box color="text-body-secondary">None</Box>
      ) : (
        <SpaceBetween direction="horizontal" size="xxs">
          {entries.map(([key, value]) => (
            <Badge key={key}>{`${key}=${value}`}</Badge>
          ))}
        </SpaceBetween>
      )}
    </div>
  );
}
