import ButtonDropdown, { type ButtonDropdownProps } from "@cloudscape-design/components/button-dropdown";
import type { Controller } from "@/api/types";

export type ControllerAction =
  "edit" | "cordon" | "uncordon" | "remove" | "reconnect" | "pause" | "resume" | "drain" | "undrain";

interface Props {
  controller: Controller;
  onAction: (action: ControllerAction, controller: Controller) => void;
}

/** Everything that can be done with a controller, for those who may. */
export function ControllerMenu({ controller, onAction }: Props) {
  return (
    <span data-testid="controller-menu" data-controller-id={controller.id}>
      <ButtonDropdown
        items={itemsFor(controller)}
        onItemClick={({ detail }) => onAction(detail.id as ControllerAction, controller)}
        expandToViewport
      >
        Actions
      </ButtonDropdown>
    </span>
  );
}

function itemsFor({ cordoned, drain, paused }: Controller): ButtonDropdownProps.Items {
  return [
    { id: "edit", text: "Change…", secondaryText: "Name, groups, session limit, labels" },
    paused
      ? { id: "resume", text: "Resume now", secondaryText: "End the maintenance pause" }
      : { id: "pause", text: "Pause…", secondaryText: "Hold back commands during maintenance" },
    drain
      ? { id: "undrain", text: "Stop draining", secondaryText: "Accept new sessions again" }
      : { id: "drain", text: "Drain…", secondaryText: "Empty it of sessions" },
    cordoned
      ? { id: "uncordon", text: "Uncordon", secondaryText: "Accept new sessions again" }
      : { id: "cordon", text: "Cordon", secondaryText: "No new sessions; running ones stay" },
    { id: "reconnect", text: "Add another agent…", secondaryText: "A command that enrols one for this controller" },
    { id: "remove", text: "Remove…" },
  ];
}
