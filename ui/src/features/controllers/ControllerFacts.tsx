import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Controller } from "@/api/types";
import { Bar } from "@/components/Bar";
import { byteCount, cpuMillis, showBytes, showCores } from "@/components/quantities";
import { parts, type Part } from "./health";

/** What sessions have taken of what there is. */
export function Capacity({ controller: { capacity, booked, session_limit: limit } }: { controller: Controller }) {
  if (!capacity) {
    return <Box color="text-body-secondary">The capacity is known once the agent has called.</Box>;
  }
  const [cpu, allCpu] = [cpuMillis(booked.cpu), cpuMillis(capacity.cpu)];
  const [memory, allMemory] = [byteCount(booked.memory), byteCount(capacity.memory)];
  return (
    <ColumnLayout columns={capacity.gpu > 0 ? 4 : 3} minColumnWidth={170}>
      <Bar label="CPU booked" value={cpu} max={allCpu} text={`${showCores(cpu)} of ${showCores(allCpu)}`} />
      <Bar
        label="Memory booked"
        value={memory}
        max={allMemory}
        text={`${showBytes(memory)} of ${showBytes(allMemory)}`}
      />
      {capacity.gpu > 0 && (
        <Bar label="GPUs booked" value={booked.gpu} max={capacity.gpu} text={`${booked.gpu} of ${capacity.gpu}`} />
      )}
      <Bar
        label="Sessions"
        value={booked.sessions}
        max={limit}
        text={limit === null ? String(booked.sessions) : `${booked.sessions} of ${limit}`}
      />
    </ColumnLayout>
  );
}

export function Health({ controller }: { controller: Controller }) {
  return (
    <div>
      <Box variant="awsui-key-label">Health</Box>
      <SpaceBetween size="xxs">
        {parts(controller).map((part) => (
          <PartLine key={part.name} part={part} />
        ))}
      </SpaceBetween>
    </div>
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

export function Labels({ labels }: Pick<Controller, "labels">) {
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
