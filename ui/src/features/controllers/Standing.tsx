import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import type { Controller, Drain, Pause } from "@/api/types";
import { Ago } from "@/components/Ago";
import { fullTime } from "@/components/time";
import { Countdown } from "./Countdown";
import type { ControllerAction } from "./ControllerMenu";
import { drainMeans, drainProgress } from "./maintenance";

interface Props {
  controller: Controller;
  canManage: boolean;
  /** The action that is under way, if any. */
  busy: ControllerAction | null;
  onAction: (action: ControllerAction, controller: Controller) => void;
}

/** A pause and a drain: how far they are, and the way out of them. */
export function Standing({ controller, canManage, busy, onAction }: Props) {
  const { paused, drain } = controller;
  if (!paused && !drain) return null;
  const button = (action: ControllerAction, text: string) => (
    <Button
      key={action}
      loading={busy === action}
      onClick={() => onAction(action, controller)}
      data-testid={`controller-${action}`}
    >
      {text}
    </Button>
  );
  const buttons = (...all: [ControllerAction, string][]) =>
    canManage && (
      <SpaceBetween direction="horizontal" size="xs">
        {all.map(([action, text]) => button(action, text))}
      </SpaceBetween>
    );
  return (
    <SpaceBetween size="m">
      {paused && <Paused paused={paused} action={buttons(["pause", "Change…"], ["resume", "Resume now"])} />}
      {drain && (
        <Draining
          drain={drain}
          action={
            drain.remaining === 0
              ? buttons(["undrain", "Stop draining"])
              : buttons(["drain", "Change…"], ["undrain", "Stop draining"])
          }
        />
      )}
    </SpaceBetween>
  );
}

function Paused({ paused, action }: { paused: Pause; action: ReactNode }) {
  return (
    <Alert
      type="info"
      header={
        <>
          Paused for another <Countdown until={paused.until} />
        </>
      }
      action={action}
      data-testid="pause-notice"
    >
      Until {fullTime(paused.until)} new commands wait, and nothing new is placed here. What runs goes on, and whatever
      was begun is finished.
      <Why reason={paused.reason} />
    </Alert>
  );
}

function Draining({ drain, action }: { drain: Drain; action: ReactNode }) {
  const done = drain.remaining === 0;
  return (
    <Alert
      type={done ? "success" : "info"}
      header={
        <span data-testid="drain-remaining" data-remaining={drain.remaining}>
          {`${done ? "Drained" : "Draining"}: ${drainProgress(drain)}`}
        </span>
      }
      action={action}
      data-testid="drain-notice"
    >
      {drainMeans(drain)} Begun <Ago time={drain.since} />.
      <Why reason={drain.reason} />
    </Alert>
  );
}

function Why({ reason }: { reason: string | null }) {
  if (!reason) return null;
  return (
    <Box color="inherit">
      <b>Reason given:</b> {reason}
    </Box>
  );
}
