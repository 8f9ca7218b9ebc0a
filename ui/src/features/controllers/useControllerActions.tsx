/** What can be done with a controller, with its dialogs: for the list of them and for the page of one. */
import { useState, type ReactNode } from "react";
import { changeController, removeController, resumeController, stopDraining } from "@/api/controllers";
import type { Controller, Group } from "@/api/types";
import { useFlash } from "@/components/Flash";
import { useLive } from "@/features/live/LiveProvider";
import { AddControllerDialog } from "./AddControllerDialog";
import type { ControllerAction } from "./ControllerMenu";
import { DrainDialog } from "./DrainDialog";
import { EditControllerDialog } from "./EditControllerDialog";
import { PauseDialog } from "./PauseDialog";
import { RemoveControllerDialog } from "./RemoveControllerDialog";

interface Options {
  groups: readonly Group[] | null;
  onRemoved?: () => void;
  /** The dialog that enrols an agent was closed. */
  onEnrolled?: () => void;
}

export interface ControllerActions {
  act: (action: ControllerAction, controller: Controller) => void;
  /** The action that is under way without a dialog. */
  busy: ControllerAction | null;
  dialog: ReactNode;
}

type Asking = { kind: "edit" | "remove" | "reconnect" | "drain" | "pause"; controller: Controller };

/** What is done at once. `done` says what has changed. */
const AT_ONCE = {
  cordon: { run: ({ id }: Controller) => changeController(id, { cordoned: true }), done: "takes no new sessions" },
  uncordon: { run: ({ id }: Controller) => changeController(id, { cordoned: false }), done: "is not cordoned any more" },
  resume: { run: ({ id }: Controller) => resumeController(id), done: "goes on" },
  undrain: { run: ({ id }: Controller) => stopDraining(id), done: "is not drained any more" },
};

const isAtOnce = (action: ControllerAction): action is keyof typeof AT_ONCE => action in AT_ONCE;

export function useControllerActions({ groups, onRemoved, onEnrolled }: Options): ControllerActions {
  const live = useLive();
  const flash = useFlash();
  const [asking, setAsking] = useState<Asking | null>(null);
  const [busy, setBusy] = useState<ControllerAction | null>(null);
  const close = () => setAsking(null);
  const changed = (controller: Controller, what: string) => {
    live.controllers.put(controller);
    flash.success(`${controller.name} ${what}.`);
    close();
  };
  const atOnce = async (action: keyof typeof AT_ONCE, controller: Controller) => {
    setBusy(action);
    try {
      changed(await AT_ONCE[action].run(controller), AT_ONCE[action].done);
    } catch (error) {
      flash.failure(`${controller.name} could not be changed`, error);
    }
    setBusy(null);
  };
  const act = (action: ControllerAction, controller: Controller) => {
    if (isAtOnce(action)) void atOnce(action, controller);
    else setAsking({ kind: action, controller });
  };
  const remove = async (controller: Controller) => {
    await removeController(controller.id);
    flash.success(`${controller.name} was removed.`);
    close();
    onRemoved?.();
    live.controllers.remove(controller.id);
  };
  const dialog = asking && (
    <Dialog
      asking={asking}
      groups={groups}
      onChanged={changed}
      onRemove={remove}
      onCancel={() => {
        close();
        if (asking.kind === "reconnect") onEnrolled?.();
      }}
    />
  );
  return { act, busy, dialog };
}

interface DialogProps {
  asking: Asking;
  groups: readonly Group[] | null;
  onChanged: (controller: Controller, what: string) => void;
  onRemove: (controller: Controller) => Promise<void>;
  onCancel: () => void;
}

function Dialog({ asking: { kind, controller }, groups, onChanged, onRemove, onCancel }: DialogProps) {
  const shared = { controller, onCancel };
  if (kind === "reconnect") return <AddControllerDialog existing={controller} onClose={onCancel} />;
  if (kind === "remove") return <RemoveControllerDialog {...shared} onConfirm={() => onRemove(controller)} />;
  if (kind === "drain") return <DrainDialog {...shared} onDraining={(now) => onChanged(now, "is draining")} />;
  if (kind === "pause") return <PauseDialog {...shared} onPaused={(now) => onChanged(now, "is paused")} />;
  return <EditControllerDialog {...shared} groups={groups} onChanged={(now) => onChanged(now, "was changed")} />;
}
