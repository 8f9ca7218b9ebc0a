import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import type { Quota } from "@/api/quotas";
import { RESOURCES } from "./resources";
import { QuotaBars } from "./QuotaBars";
import { isUnlimited, meters, relevant } from "./usage";

interface Props {
  title: string;
  description: string;
  quota: Quota;
  /** The default counts nobody's use: only its limits are shown. */
  limitsOnly?: boolean;
  onEdit?: (() => void) | undefined;
}

export function QuotaCard({ title, description, quota, limitsOnly = false, onEdit }: Props) {
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={description}
          actions={
            onEdit && (
              <Button ariaLabel={`Edit limits: ${title}`} onClick={onEdit} data-testid={`quota-edit-${quota.scope}`}>
                Edit limits
              </Button>
            )
          }
        >
          {title}
        </Header>
      }
    >
      <div data-testid={`quota-card-${quota.scope}`}>
        {limitsOnly ? <LimitsText quota={quota} /> : <QuotaBars meters={onEdit ? meters(quota) : relevant(quota)} />}
      </div>
    </Container>
  );
}

function LimitsText({ quota }: { quota: Quota }) {
  if (isUnlimited(quota)) return <Box color="text-body-secondary">No limits.</Box>;
  return (
    <Box>
      {RESOURCES.map(({ id, label, amount, show }) => {
        const limit = quota.limits[id];
        const text = limit === null ? "no limit" : amount(limit) === 0 ? "none" : show(amount(limit));
        return `${label}: ${text}`;
      }).join(" · ")}
    </Box>
  );
}
