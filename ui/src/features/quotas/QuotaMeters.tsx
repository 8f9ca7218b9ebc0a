import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Quota } from "@/api/quotas";
import { QuotaBars } from "./QuotaBars";
import { isUnlimited, relevant, whose } from "./usage";

/** One's own usage whole; of what is shared with others only what is limited, so that the page stays short. */
const nearby = (quota: Quota) => relevant(quota).filter(({ limit }) => quota.scope === "user" || limit !== null);

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
                {relevant(quota)
                  .map(({ label, usedText }) => `${label}: ${usedText}`)
                  .join(" · ")}{" "}
                · no limits
              </Box>
            ) : (
              <QuotaBars meters={nearby(quota)} />
            )}
          </div>
        ))}
      </SpaceBetween>
    </Container>
  );
}
