import Badge from "@cloudscape-design/components/badge";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Controller } from "@/api/types";
import { alsoTrue, stateLook } from "./health";
import { Countdown } from "./Countdown";

/** A controller's state, and what its state would hide. */
export function ControllerState({ controller }: { controller: Controller }) {
  const { state, paused } = controller;
  const { label, type } = stateLook(controller);
  const also = alsoTrue(controller);
  return (
    <SpaceBetween direction="horizontal" size="s" alignItems="center">
      <span data-testid="controller-state" data-state={state}>
        <StatusIndicator type={type} wrapText={false}>
          {label}
          {state === "paused" && paused && (
            <>
              , <Countdown until={paused.until} /> left
            </>
          )}
        </StatusIndicator>
      </span>
      {also && <Badge color="severity-medium">{also}</Badge>}
    </SpaceBetween>
  );
}
