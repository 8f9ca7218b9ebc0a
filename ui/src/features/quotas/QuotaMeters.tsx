import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Quota } from "@/api/types";
import { Bar } from "@/components/Bar";
import { meters, whose } from "./usage";

/** Usage against limits. Shows nothing when there is nothing to count against. */
export function QuotaMeters({ quotas }: { quotas: readonly Quota[] }) {
  const shown = quotas.filter((quota) => quota.scope === "user" || !isUnlimited(quota));
  if (shown.length === 0) return null;
  return (
    <Container>
      <SpaceBetween size="m">
        {shown.map((quota) => (
          <div key={`${quota.scope} ${quota.subject_id}`} data-testid={`quota-${quota.scope}`}>
            <Box variant="awsui-key-label" padding={{ bottom: "xxs" }}>
              {whose(quota)} usage
            </Box>
            {isUnlimited(quota) ? (
              <Box color="text-body-secondary">
                {meters(quota)
                  .map(({ label, usedText }) => `${label}: ${usedText}`)
                  .join(" · ")}{" "}
                · no limits
              </Box>
            ) : (
              <ColumnLayout columns={3} minColumnWidth={160}>
                {meters(quota).map((meter) => (
                  <Bar
                    key={meter.resource}
                    label={meter.label}
                    value={meter.used}
                    max={meter.limit}
                    text={
                      meter.limit === null ? `${meter.usedText} (no limit)` : `${meter.usedText} of ${meter.limitText}`
                    }
                  />
                ))}
              </ColumnLayout>
            )}
          </div>
        ))}
      </SpaceBetween>
    </Container>
  );
}

const isUnlimited = (quota: Quota) => meters(quota).every(({ limit }) => limit === null);
