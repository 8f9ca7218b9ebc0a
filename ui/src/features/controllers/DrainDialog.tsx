import Box from "@cloudscape-design/components/box";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import { useState } from "react";
import { drainController } from "@/api/controllers";
import type { Controller, DrainRequest } from "@/api/types";
import { FormDialog } from "@/components/FormDialog";
import { Optional } from "@/components/Optional";
import { useSubmit } from "@/components/useSubmit";
import { reasonOf, sessionCount } from "./maintenance";

interface Props {
  controller: Controller;
  onCancel: () => void;
  onDraining: (controller: Controller) => void;
}

type Mode = DrainRequest["mode"];

/** Empties a controller of its sessions, one way or the other. */
export function DrainDialog({ controller, onCancel, onDraining }: Props) {
  const { drain, booked } = controller;
  const [mode, setMode] = useState<Mode>(drain?.mode ?? "finish");
  const [reason, setReason] = useState(drain?.reason ?? "");
  const { busy, problem, run } = useSubmit();
  const start = async () => onDraining(await drainController(controller.id, { mode, ...reasonOf(reason) }));
  return (
    <FormDialog
      header={drain ? `Change the drain of ${controller.name}` : `Drain ${controller.name}?`}
      submit={drain ? "Change" : "Drain"}
      busy={busy}
      problem={problem && problem.errors.length === 0 ? problem : null}
      failure="The drain was not begun"
      testId="drain-submit"
      onCancel={onCancel}
      onSubmit={() => void run(start)}
    >
      <Box>
        No new sessions come to it until the drain is stopped.{" "}
        {booked.sessions === 0
          ? "No session runs on it now."
          : `${sessionCount(booked.sessions)} ${booked.sessions === 1 ? "runs" : "run"} on it now.`}
      </Box>
      <FormField label="Sessions that are on it" errorText={problem?.field("mode")} stretch>
        <div data-testid="drain-mode">
          <RadioGroup
            value={mode}
            onChange={({ detail }) => setMode(detail.value as Mode)}
            items={[
              {
                value: "finish",
                label: "Let them finish",
                description: "They run until their people end or hibernate them. Nobody is interrupted.",
              },
              {
                value: "move",
                label: "Move them away",
                description:
                  "They are hibernated now, and those that have not started yet go to other controllers. A session " +
                  "without a home folder can be woken elsewhere at once; one with a home folder only when this " +
                  "controller takes sessions again, since its files are here.",
              },
            ]}
          />
        </div>
      </FormField>
      <FormField
        label={<Optional>Reason</Optional>}
        description="Shown to those whose sessions are moved."
        errorText={problem?.field("reason")}
        stretch
      >
        <Input
          value={reason}
          placeholder="It is replaced"
          onChange={({ detail }) => setReason(detail.value)}
          nativeInputAttributes={{ "data-testid": "drain-reason", maxLength: 200 }}
        />
      </FormField>
    </FormDialog>
  );
}
