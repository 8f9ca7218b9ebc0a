import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useState } from "react";
import type { Agent, Controller } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DataList, type Column } from "@/components/DataList";
import { EmptyState } from "@/components/EmptyState";
import { useFlash } from "@/components/Flash";
import { Muted } from "@/components/Muted";
import { ProblemAlert } from "@/components/ProblemAlert";
import { fullTime } from "@/components/time";
import { useNow } from "@/components/useNow";
import type { Read } from "@/components/useRead";
import { agentLook, complaints, keyAge } from "./agents";
import { RevokeAgentDialog } from "./RevokeAgentDialog";

interface Props {
  controller: Controller;
  agents: Read<Agent[]>;
  canManage: boolean;
  onAdd: () => void;
}

/** The processes that serve a controller. */
export function AgentList({ controller, agents: { data: agents, problem, reload, set }, canManage, onAdd }: Props) {
  const flash = useFlash();
  const [revoking, setRevoking] = useState<Agent | null>(null);
  if (problem && !agents) {
    return <ProblemAlert problem={problem} header="The agents could not be read" onRetry={() => void reload()} />;
  }
  const add = canManage && (
    <Button onClick={onAdd} data-testid="add-agent">
      {agents?.length === 0 ? "Add an agent" : "Add another agent"}
    </Button>
  );
  return (
    <>
      <DataList
        label="Agents"
        items={agents}
        columns={canManage ? [...COLUMNS, revokeColumn(setRevoking)] : COLUMNS}
        text={({ id, version }) => `${id} ${version}`}
        search="Find agents"
        sortedBy="seen"
        descending
        header={
          <Header
            counter={agents ? `(${agents.length})` : undefined}
            description="Processes that serve this controller. Several share its work, so that one may fail."
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button
                  iconName="refresh"
                  ariaLabel="Read the agents again"
                  onClick={() => void reload()}
                  data-testid="agents-refresh"
                />
                {add}
              </SpaceBetween>
            }
          >
            Agents
          </Header>
        }
        empty={
          <EmptyState title="No agents" text="An agent carries out what this controller is told. One command adds one." action={add} />
        }
      />
      {revoking && agents && (
        <RevokeAgentDialog
          controller={controller}
          agent={revoking}
          agents={agents}
          onCancel={() => setRevoking(null)}
          onRevoked={() => {
            set((before) => before.filter(({ id }) => id !== revoking.id));
            flash.success(`The agent of ${controller.name} was revoked.`);
            setRevoking(null);
          }}
        />
      )}
    </>
  );
}

const COLUMNS: readonly Column<Agent>[] = [
  {
    id: "title",
    header: "Agent",
    cell: (agent) => (
      <div data-testid={`agent-${agent.id}`}>
        <Box variant="code" fontSize="body-s">
          {agent.id}
        </Box>
        {complaints(agent).map((line) => (
          <Box key={line} color="text-status-error" fontSize="body-s">
            {line}
          </Box>
        ))}
      </div>
    ),
    minWidth: 260,
  },
  { id: "state", header: "State", cell: (agent) => <State agent={agent} />, sort: ({ state }) => state, minWidth: 120 },
  {
    id: "seen",
    header: "Last seen",
    cell: ({ last_seen_at: time }) => (time ? <Ago time={time} /> : <Muted>Never</Muted>),
    sort: ({ last_seen_at: time }) => (time ? Date.parse(time) : null),
    minWidth: 130,
  },
  {
    id: "version",
    header: "Version",
    cell: ({ version, protocol_version: protocol }) => (
      <>
        {version}
        {protocol !== null && (
          <Box color="text-body-secondary" fontSize="body-s">
            protocol {protocol}
          </Box>
        )}
      </>
    ),
    minWidth: 130,
  },
  { id: "boots", header: "Starts", cell: ({ boots }) => boots, sort: ({ boots }) => boots, minWidth: 80 },
  {
    id: "key",
    header: "Key age",
    cell: ({ key_created_at: time }) => <KeyAge time={time} />,
    sort: ({ key_created_at: time }) => Date.parse(time),
    minWidth: 120,
  },
];

function revokeColumn(onRevoke: (agent: Agent) => void): Column<Agent> {
  return {
    id: "actions",
    header: "Actions",
    cell: (agent) => (
      <Button
        variant="inline-link"
        ariaLabel={`Revoke ${agent.id}`}
        onClick={() => onRevoke(agent)}
        data-testid={`revoke-agent-${agent.id}`}
      >
        Revoke
      </Button>
    ),
    minWidth: 100,
  };
}

function State({ agent }: { agent: Agent }) {
  const { label, type } = agentLook(agent);
  return (
    <span data-testid="agent-state" data-state={agent.state}>
      <StatusIndicator type={type}>{label}</StatusIndicator>
    </span>
  );
}

function KeyAge({ time }: { time: string }) {
  const now = useNow(60_000);
  return (
    <time dateTime={time} title={fullTime(time)}>
      {keyAge(time, now)}
    </time>
  );
}
