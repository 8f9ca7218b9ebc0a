import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { changeController, removeController } from "@/api/controllers";
import type { Controller } from "@/api/types";
import { EmptyState } from "@/components/EmptyState";
import { useFlash } from "@/components/Flash";
import { Loading } from "@/components/Loading";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useCan } from "@/features/account/AccountProvider";
import { AddControllerDialog } from "@/features/controllers/AddControllerDialog";
import { ControllerCard, type ControllerAction } from "@/features/controllers/ControllerCard";
import { EditControllerDialog } from "@/features/controllers/EditControllerDialog";
import { RemoveControllerDialog } from "@/features/controllers/RemoveControllerDialog";
import { useExpiringStates } from "@/features/controllers/useExpiringStates";
import { useGroups } from "@/features/groups/useGroups";
import { useControllers, useLive } from "@/features/live/LiveProvider";

type Dialog = { kind: "add"; existing: Controller | null } | { kind: "edit" | "remove"; controller: Controller } | null;

export default function ControllersPage() {
  const live = useLive();
  const flash = useFlash();
  const canManage = useCan("controllers:write");
  const { items, status, problem } = useControllers();
  const { data: groups } = useGroups();
  const [dialog, setDialog] = useState<Dialog>(null);
  const controllers = [...items.values()].toSorted((a, b) => a.name.localeCompare(b.name));
  const close = () => setDialog(null);
  useExpiringStates(controllers);

  const cordon = async (controller: Controller, cordoned: boolean) => {
    try {
      live.controllers.put(await changeController(controller.id, { cordoned }));
    } catch (error) {
      flash.failure(`${controller.name} could not be changed`, error);
    }
  };
  const act = (action: ControllerAction, controller: Controller) => {
    if (action === "remove" || action === "edit") setDialog({ kind: action, controller });
    else if (action === "reconnect") setDialog({ kind: "add", existing: controller });
    else void cordon(controller, action === "cordon");
  };
  const add = canManage && (
    <Button variant="primary" onClick={() => setDialog({ kind: "add", existing: null })} data-testid="add-controller">
      Add controller
    </Button>
  );

  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          counter={status === "ready" ? `(${controllers.length})` : undefined}
          description="Machines that run sessions, each served by an agent that dials out."
          actions={add}
        >
          Controllers
        </Header>
      }
    >
      <SpaceBetween size="l">
        <ProblemAlert
          problem={problem}
          header="The controllers could not be read"
          onRetry={() => void live.controllers.load()}
        />
        {(status === "idle" || status === "loading") && <Loading />}
        {status === "ready" && controllers.length === 0 && (
          <Container>
            <EmptyState
              title="No controllers"
              text="Sessions need a machine to run on. Add one with a single command."
              action={add}
            />
          </Container>
        )}
        {controllers.map((controller) => (
          <ControllerCard
            key={controller.id}
            controller={controller}
            groups={groups}
            canManage={canManage}
            onAction={act}
          />
        ))}
      </SpaceBetween>
      {dialog?.kind === "add" && <AddControllerDialog existing={dialog.existing} onClose={close} />}
      {dialog?.kind === "edit" && (
        <EditControllerDialog
          controller={dialog.controller}
          groups={groups}
          onCancel={close}
          onChanged={(changed) => {
            live.controllers.put(changed);
            flash.success(`${changed.name} was changed.`);
            close();
          }}
        />
      )}
      {dialog?.kind === "remove" && (
        <RemoveControllerDialog
          controller={dialog.controller}
          onCancel={close}
          onConfirm={async () => {
            await removeController(dialog.controller.id);
            live.controllers.remove(dialog.controller.id);
            flash.success(`${dialog.controller.name} was removed.`);
            close();
          }}
        />
      )}
    </ContentLayout>
  );
}
