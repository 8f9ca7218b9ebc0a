import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { ReactNode } from "react";
import type { AuditEntry } from "@/api/audit";
import { fullTime } from "@/components/time";
import type { Field } from "./auditQuery";
import { SealBadge } from "./SealBadge";
import { actorName, outcomeWords, targetName, viaWords } from "./words";

interface Props {
  entry: AuditEntry;
  onClose: () => void;
  onNarrow: (field: Field, value: string) => void;
}

/** All that is known of one entry. */
export function EntryDialog({ entry, onClose, onNarrow }: Props) {
  const { actor, target, facts } = entry;
  const narrow = (field: Field, value: string, text: string) => (
    <Button variant="inline-link" onClick={() => onNarrow(field, value)}>
      {text}
    </Button>
  );
  return (
    <Modal
      visible
      size="large"
      header={entry.action}
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onClose}>
            Close
          </Button>
        </Box>
      }
    >
      <div data-testid="audit-entry">
        <SpaceBetween size="l">
          <KeyValuePairs
            columns={2}
            minColumnWidth={220}
            items={[
              { label: "Time", value: fullTime(entry.at) },
              {
                label: "Outcome",
                value: (
                  <StatusIndicator type={entry.outcome === "succeeded" ? "success" : "stopped"}>
                    {outcomeWords(entry)}
                  </StatusIndicator>
                ),
              },
              {
                label: "Actor",
                value: (
                  <>
                    <div>{actorName(entry)}</div>
                    {actor.id && (
                      <>
                        <Code>{actor.id}</Code>
                        {narrow("actor", actor.id, "All by this actor")}
                      </>
                    )}
                  </>
                ),
              },
              {
                label: "Target",
                value: (
                  <>
                    <div>{targetName(entry)}</div>
                    {target?.id && (
                      <>
                        <Code>{target.id}</Code>
                        {narrow("target", target.id, "All about this target")}
                      </>
                    )}
                  </>
                ),
              },
              { label: "Authenticated by", value: viaWords(entry.via) },
              { label: "Network address", value: entry.source_ip || "–" },
              { label: "Request id", value: <Code>{entry.request_id || "–"}</Code> },
              { label: "Entry id", value: <Code>{entry.id}</Code> },
            ]}
          />
          <KeyValuePairs
            columns={1}
            items={[{ label: "User agent", value: <Wrapped>{entry.user_agent || "–"}</Wrapped> }]}
          />
          <div>
            <Box variant="awsui-key-label">Facts</Box>
            {Object.keys(facts).length === 0 ? (
              <Box color="text-body-secondary">None were noted.</Box>
            ) : (
              <div data-testid="audit-facts">
                <KeyValuePairs
                  columns={2}
                  minColumnWidth={220}
                  items={Object.entries(facts).map(([label, value]) => ({
                    label: label.replaceAll("_", " "),
                    value: <Wrapped>{value}</Wrapped>,
                  }))}
                />
              </div>
            )}
          </div>
          <SpaceBetween size="xs">
            <Box variant="awsui-key-label">Seal</Box>
            <SealBadge entry={entry} />
            {entry.hash === null ? (
              <Box color="text-body-secondary" fontSize="body-s">
                Entries are put into the chain of hashes within a minute.
              </Box>
            ) : (
              <KeyValuePairs
                columns={1}
                items={[
                  { label: "Hash (SHA-256)", value: <Code>{entry.hash}</Code> },
                  { label: "Hash of the entry before", value: <Code>{entry.previous_hash}</Code> },
                ]}
              />
            )}
          </SpaceBetween>
        </SpaceBetween>
      </div>
    </Modal>
  );
}

const Wrapped = ({ children }: { children: ReactNode }) => <span style={{ overflowWrap: "anywhere" }}>{children}</span>;

const Code = ({ children }: { children: ReactNode }) => (
  <div style={{ overflowWrap: "anywhere" }}>
    <Box variant="code">{children}</Box>
  </div>
);
