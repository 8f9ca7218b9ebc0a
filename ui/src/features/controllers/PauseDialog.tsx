import Box from "@cloudscape-design/components/box";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import { useId, useState } from "react";
import { pauseController } from "@/api/controllers";
import type { Controller } from "@/api/types";
import { FormDialog } from "@/components/FormDialog";
import { Optional } from "@/components/Optional";
import { fullTime } from "@/components/time";
import { useNow } from "@/components/useNow";
import { useSubmit } from "@/components/useSubmit";
import { PAUSES, reasonOf, USUAL_PAUSE } from "./maintenance";

interface Props {
  controller: Controller;
  onCancel: () => void;
  onPaused: (controller: Controller) => void;
}

/** Holds a controller's commands back while somebody works on what it runs on. */
export function PauseDialog({ controller, onCancel, onPaused }: Props) {
  const [seconds, setSeconds] = useState(USUAL_PAUSE);
  const [reason, setReason] = useState(controller.paused?.reason ?? "");
  const { busy, problem, run } = useSubmit();
  const now = useNow(10_000);
  const labelId = useId();
  const pause = async () => onPaused(await pauseController(controller.id, { seconds, ...reasonOf(reason) }));
  return (
    <FormDialog
      header={controller.paused ? `Change the pause of ${controller.name}` : `Pause ${controller.name}?`}
      submit={controller.paused ? "Change" : "Pause"}
      busy={busy}
      problem={problem && problem.errors.length === 0 ? problem : null}
      failure="The controller was not paused"
      testId="pause-submit"
      onCancel={onCancel}
      onSubmit={() => void run(pause)}
    >
      <Box>
        For its maintenance: starts, wakes and hibernations for it wait, and nothing new is placed on it. What
        runs keeps running and streaming. Its silence is expected meanwhile, so it is not reported as lost.
      </Box>
      <FormField
        label={<span id={labelId}>How long</span>}
        description={`From now on, until ${fullTime(new Date(now + seconds * 1000).toISOString())}. It ends by itself.`}
        errorText={problem?.field("seconds")}
      >
        <div data-testid="pause-length">
          <SegmentedControl
            ariaLabelledby={labelId}
            selectedId={String(seconds)}
            options={PAUSES.map((each) => ({ id: String(each.seconds), text: each.text }))}
            onChange={({ detail }) => setSeconds(Number(detail.selectedId))}
          />
        </div>
      </FormField>
      <FormField
        label={<Optional>Reason</Optional>}
        description="Shown to those whose sessions wait."
        errorText={problem?.field("reason")}
        stretch
      >
        <Input
          value={reason}
          placeholder="New disks"
          onChange={({ detail }) => setReason(detail.value)}
          nativeInputAttributes={{ "data-testid": "pause-reason", maxLength: 200 }}
        />
      </FormField>
    </FormDialog>
  );
}
