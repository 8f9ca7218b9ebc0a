import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { EmptyState } from "@/components/EmptyState";
import { Loading } from "@/components/Loading";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useCan } from "@/features/account/AccountProvider";
import { AddControllerDialog } from "@/features/controllers/AddControllerDialog";
import { ControllerCard } from "@/features/controllers/ControllerCard";
import { useControllerActions } from "@/features/controllers/useControllerActions";
import { useExpiringStates } from "@/features/controllers/useExpiringStates";
import { useGroups } from "@/features/groups/useGroups";
import { useControllers, useLive } from "@/features/live/LiveProvider";

export default function ControllersPage() {
  const live = useLive();
  const canManage = useCan("controllers:write");
  const { items, status, problem } = useControllers();
  const { data: groups } = useGroups();
  const [adding, setAdding] = useState(false);
  const actions = useControllerActions({ groups });
  const controllers = [...items.values()].toSorted((a, b) => a.name.localeCompare(b.name));
  useExpiringStates(controllers);

  const add = canManage && (
    <Button variant="primary" onClick={() => setAdding(true)} data-testid="add-controller">
      Add controller
    </Button>
  );

  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          counter={status === "ready" ? `(${controllers.length})` : undefined}
          description="Machines and clusters that run sessions, each served by agents that only dial out."
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
              text="Sessions need a machine or a cluster to run on. One command adds it."
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
            onAction={actions.act}
          />
        ))}
      </SpaceBetween>
      {adding && <AddControllerDialog existing={null} onClose={() => setAdding(false)} />}
      {actions.dialog}
    </ContentLayout>
  );
}
