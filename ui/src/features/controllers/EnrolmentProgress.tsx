import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { ReactNode } from "react";
import type { Controller, EnrollmentToken } from "@/api/types";
import { CommandBox } from "@/components/CommandBox";
import { RouterLink } from "@/components/RouterLink";
import { countdown } from "@/components/time";
import { useNow } from "@/components/useNow";
import { useControllers } from "@/features/live/LiveProvider";
import { agentsOf, arrival, arrivedWords, usesLeft, type Arrival } from "./enrolment";
import { OtherCommands } from "./OtherCommands";
import type { Platform } from "./platforms";
import { useEnrolment } from "./useEnrolment";

interface Props {
  platform: Platform;
  token: EnrollmentToken;
  command: string;
  existing: Controller | null;
  /** Makes another command. */
  onAgain: () => void;
}

/** The one command, for as long as it can be used, and how far what it starts has come. */
export function EnrolmentProgress({ platform, token, command, existing, onAgain }: Props) {
  const { items } = useControllers();
  const now = useNow(1000);
  const left = (Date.parse(token.expires_at) - now) / 1000;
  const come = arrival(token, useEnrolment(token), left);
  const controller = existing ?? (come.controllerId === null ? undefined : items.get(come.controllerId));
  const open = come.controllerId !== null && !existing && (
    <RouterLink href={`/controllers/${come.controllerId}`} data-testid="enrollment-open">
      {`Open ${controller?.name ?? "the controller"}`}
    </RouterLink>
  );
  return (
    <SpaceBetween size="m">
      {!come.done && !come.over && (
        <SpaceBetween size="s">
          <Box>{platform.run}</Box>
          <CommandBox command={command} testId="enrollment-command" />
        </SpaceBetween>
      )}
      <div
        data-testid="enrollment-status"
        data-online={come.done}
        data-enrolled={come.enrolled}
        data-active={come.active}
        aria-live="polite"
      >
        {come.done ? (
          <Alert type="success" header={arrivedWords(come, controller?.name, existing !== null)}>
            {open || "The controller's work is shared from now on."}
          </Alert>
        ) : come.over ? (
          <Expired come={come} open={open} onAgain={onAgain} />
        ) : (
          <SpaceBetween size="xxs">
            <Waiting come={come} />
            {open}
            {come.enrolled < come.expected && (
              <Box color="text-body-secondary" fontSize="body-s">
                The command can be used for another{" "}
                <span role="timer" aria-live="off" data-testid="enrollment-left">
                  {countdown(left)}
                </span>{" "}
                minutes, {usesLeft(come)}.
              </Box>
            )}
          </SpaceBetween>
        )}
        {come.troubles.map((trouble) => (
          <Box key={trouble} padding={{ top: "s" }}>
            <StatusIndicator type="warning">{trouble}</StatusIndicator>
          </Box>
        ))}
      </div>
      {!come.done && !come.over && <OtherCommands platform={platform} token={token} />}
    </SpaceBetween>
  );
}

function Waiting({ come: { expected, enrolled, active } }: { come: Arrival }) {
  const words =
    enrolled === 0
      ? `Waiting for the ${expected === 1 ? "agent" : "agents"}…`
      : active === 0
        ? `${agentsOf(enrolled, expected)} enrolled; waiting for a first report…`
        : `${agentsOf(active, expected)} online; waiting for the others…`;
  return <StatusIndicator type="loading">{words}</StatusIndicator>;
}

function Expired({ come, open, onAgain }: { come: Arrival; open: ReactNode; onAgain: () => void }) {
  return (
    <Alert
      type="warning"
      header="This command has expired"
      action={
        come.enrolled === 0 && (
          <Button onClick={onAgain} data-testid="enrollment-again">
            Create another
          </Button>
        )
      }
    >
      {come.enrolled === 0 ? (
        "A command can be used within 30 minutes."
      ) : (
        <>
          {`${agentsOf(come.enrolled, come.expected)} enrolled in time. More can be added on the controller's page.`}{" "}
          {open}
        </>
      )}
    </Alert>
  );
}
