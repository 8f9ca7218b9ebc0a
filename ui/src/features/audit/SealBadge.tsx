import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { AuditEntry } from "@/api/audit";

/** Whether an entry is in the chain of hashes yet. It is within a minute of what it tells. */
export function SealBadge({ entry: { id, sequence } }: { entry: AuditEntry }) {
  return (
    <span data-testid={`audit-seal-${id}`} data-sealed={sequence !== null}>
      {sequence === null ? (
        <StatusIndicator type="pending" wrapText={false}>
          Not sealed yet
        </StatusIndicator>
      ) : (
        <StatusIndicator type="success" wrapText={false}>
          Sealed as {sequence}
        </StatusIndicator>
      )}
    </span>
  );
}
