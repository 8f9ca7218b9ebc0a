import Box from "@cloudscape-design/components/box";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useNavigate, useParams } from "react-router";
import type { Controller } from "@/api/types";
import { Loading } from "@/components/Loading";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useCan } from "@/features/account/AccountProvider";
import { AgentList } from "@/features/controllers/AgentList";
import { ControllerDetails } from "@/features/controllers/ControllerDetails";
import { ControllerMenu } from "@/features/controllers/ControllerMenu";
import { ControllerState } from "@/features/controllers/ControllerState";
import { DeadLetterList } from "@/features/controllers/DeadLetterList";
import { stateReason } from "@/features/controllers/health";
import { SessionsHere } from "@/features/controllers/SessionsHere";
import { Standing } from "@/features/controllers/Standing";
import { useAgents } from "@/features/controllers/useAgents";
import { useController } from "@/features/controllers/useController";
import { useControllerActions } from "@/features/controllers/useControllerActions";
import { useExpiringStates } from "@/features/controllers/useExpiringStates";
import { useGroups } from "@/features/groups/useGroups";

export default function ControllerPage() {
  const { controllerId = "" } = useParams();
  const { controller, problem, reload } = useController(controllerId);
  if (!controller) {
    return problem ? (
      <ContentLayout header={<Header variant="h1">Controller</Header>}>
        <ProblemAlert problem={problem} header="This controller cannot be shown" onRetry={reload} />
      </ContentLayout>
    ) : (
      <Loading />
    );
  }
  return <Details key={controller.id} controller={controller} />;
}

function Details({ controller }: { controller: Controller }) {
  const navigate = useNavigate();
  const canManage = useCan("controllers:write");
  const { data: groups } = useGroups();
  const agents = useAgents(controller);
  const actions = useControllerActions({
    groups,
    onRemoved: () => void navigate("/controllers", { replace: true }),
    onEnrolled: () => void agents.reload(),
  });
  useExpiringStates([controller]);
  return (
    <SpaceBetween size="m">
      <BreadcrumbGroup
        items={[
          { text: "Controllers", href: "/controllers" },
          { text: controller.name, href: `/controllers/${controller.id}` },
        ]}
        onFollow={(event) => {
          event.preventDefault();
          void navigate(event.detail.href);
        }}
      />
      <ContentLayout
        header={
          <Header
            variant="h1"
            description={
              <SpaceBetween direction="horizontal" size="s" alignItems="center">
                <ControllerState controller={controller} />
                <Box color="text-body-secondary">
                  <span data-testid="controller-why">{stateReason(controller)}</span>
                </Box>
              </SpaceBetween>
            }
            actions={canManage && <ControllerMenu controller={controller} onAction={actions.act} />}
          >
            {controller.name}
          </Header>
        }
      >
        <SpaceBetween size="l">
          <Standing controller={controller} canManage={canManage} busy={actions.busy} onAction={actions.act} />
          <ControllerDetails controller={controller} groups={groups} />
          <AgentList
            controller={controller}
            agents={agents}
            canManage={canManage}
            onAdd={() => actions.act("reconnect", controller)}
          />
          <SessionsHere controller={controller} />
          <DeadLetterList controller={controller} canManage={canManage} />
        </SpaceBetween>
        {actions.dialog}
      </ContentLayout>
    </SpaceBetween>
  );
}
