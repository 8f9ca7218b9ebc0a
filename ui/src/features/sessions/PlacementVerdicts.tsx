import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Placement, Verdict } from "@/api/types";
import { Ago } from "@/components/Ago";
import styles from "./sessions.module.css";

/** Why this controller, or why none: one verdict per candidate. */
export function PlacementVerdicts({ placement }: { placement: Placement }) {
  const placed = placement.controller_id !== null;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={
            placement.evaluated_at && (
              <>
                Evaluated <Ago time={placement.evaluated_at} />
              </>
            )
          }
        >
          {placed ? "Placement" : "Why no controller took it"}
        </Header>
      }
    >
      {placement.verdicts.length === 0 ? (
        <Box color="text-body-secondary" data-testid="no-verdicts">
          There was no controller to ask.
        </Box>
      ) : (
        <SpaceBetween size="m">
          {placement.verdicts.map((verdict) => (
            <OneVerdict
              key={verdict.controller_id}
              verdict={verdict}
              chosen={verdict.controller_id === placement.controller_id}
            />
          ))}
        </SpaceBetween>
      )}
    </Container>
  );
}

function OneVerdict({ verdict, chosen }: { verdict: Verdict; chosen: boolean }) {
  return (
    <div className={styles.verdict} data-testid={`verdict-${verdict.controller_id}`} data-suitable={verdict.suitable}>
      <Box fontWeight="bold">{verdict.controller_name}</Box>
      <div>
        <StatusIndicator type={verdict.suitable ? "success" : "error"}>{words(verdict, chosen)}</StatusIndicator>
        {verdict.reasons.map((reason) => (
          <Box key={reason.code} color="text-body-secondary" fontSize="body-s">
            <span data-reason={reason.code}>{reason.message}</span>
          </Box>
        ))}
      </div>
    </div>
  );
}

function words(verdict: Verdict, chosen: boolean): string {
  if (chosen) return "Chosen";
  return verdict.suitable ? "Suitable" : "Not suitable";
}
