import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Controller } from "@/api/types";
import { Bar } from "@/components/Bar";
import { byteCount, cpuMillis, showBytes, showCores, showCpu, showMemory } from "@/components/quantities";
import { parts, type Part } from "./health";

/** What sessions have taken of what there is, and what they use of it where that is measured. */
export function Capacity({ controller: { capacity, booked, load, session_limit: limit } }: { controller: Controller }) {
  if (!capacity) {
    return <Box color="text-body-secondary">The capacity is known once the agent has called.</Box>;
  }
  const [cpu, allCpu] = [cpuMillis(booked.cpu), cpuMillis(capacity.cpu)];
  const [memory, allMemory] = [byteCount(booked.memory), byteCount(capacity.memory)];
  return (
    <ColumnLayout columns={capacity.gpu > 0 ? 4 : 3} minColumnWidth={170}>
      <div>
        <Bar label="CPU booked" value={cpu} max={allCpu} text={`${showCores(cpu)} of ${showCores(allCpu)}`} />
        {load && <InUse testId="load-cpu">{showCpu(load.cpu)}</InUse>}
      </div>
      <div>
        <Bar
          label="Memory booked"
          value={memory}
          max={allMemory}
          text={`${showBytes(memory)} of ${showBytes(allMemory)}`}
        />
        {load && <InUse testId="load-memory">{showMemory(load.memory)}</InUse>}
      </div>
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

/** What is used of what is booked, as it was last measured. */
function InUse({ testId, children }: { testId: string; children: string }) {
  return (
    <Box fontSize="body-s" color="text-body-secondary">
      <span data-testid={testId}>{children}</span> in use
    </Box>
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
