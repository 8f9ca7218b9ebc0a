import Box from "@cloudscape-design/components/box";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import type { StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import Steps from "@cloudscape-design/components/steps";
import type { ReactNode } from "react";
import type { Session, SessionStage } from "@/api/types";
import { showBytes } from "@/components/quantities";
import { percent, steps, type StepStatus } from "./stages";

const TYPES: Readonly<Record<StepStatus, StatusIndicatorProps.Type>> = {
  done: "success",
  active: "loading",
  failed: "error",
  waiting: "pending",
};

const WORDS: Readonly<Record<SessionStage, string>> = {
  queued: "Queued",
  claimed: "Claimed by the controller",
  pulling: "Pulling the image",
  creating: "Creating the instance",
  connecting: "Connecting to the screen",
  ready: "Ready",
};

interface Props {
  session: Session;
  controllerName: string | undefined;
}

/** The start of a session as it happens. */
export function StageSteps({ session, controllerName }: Props) {
  return (
    <Steps
      ariaLabel="Stages of the start"
      steps={steps(session).map(({ stage, status }) => ({
        status: TYPES[status],
        statusIconAriaLabel: status,
        header: (
          <Box
            variant="span"
            fontWeight={status === "active" || status === "failed" ? "bold" : "normal"}
            color={status === "waiting" ? "text-body-secondary" : "inherit"}
          >
            <span data-testid={`stage-${stage}`} data-status={status}>
              {stage === "claimed" && controllerName && status !== "waiting"
                ? `Claimed by ${controllerName}`
                : WORDS[stage]}
            </span>
          </Box>
        ),
        details: status === "active" ? details(stage, session) : undefined,
      }))}
    />
  );
}

function details(stage: SessionStage, session: Session): ReactNode {
  if (stage === "queued") {
    return (
      <Box color="text-body-secondary" fontSize="body-s">
        {session.controller_id ? "Waiting for the controller to pick it up." : "Looking for a controller with room."}
      </Box>
    );
  }
  if (stage !== "pulling" || !session.progress) return undefined;
  const { done, total } = session.progress;
  const share = percent(session.progress);
  if (share === null) return undefined; // A bar that stands at nothing would say that nothing happens.
  return (
    <div data-testid="pull-progress" data-done={done} data-total={total}>
      <ProgressBar
        value={share}
        additionalInfo={`${showBytes(done)} of ${showBytes(total)}`}
        ariaLabel="Image pulled"
      />
    </div>
  );
}
