import Alert from "@cloudscape-design/components/alert";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import { useEffect, useState } from "react";
import { useLocation, useNavigate, useParams } from "react-router";
import type { Session } from "@/api/types";
import { Loading } from "@/components/Loading";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useControllers } from "@/features/live/LiveProvider";
import { PlacementVerdicts } from "@/features/sessions/PlacementVerdicts";
import { ReasonAlert } from "@/features/sessions/ReasonAlert";
import { SessionFacts } from "@/features/sessions/SessionFacts";
import { SessionHeader } from "@/features/sessions/SessionHeader";
import { SessionLog } from "@/features/sessions/SessionLog";
import { StageSteps } from "@/features/sessions/StageSteps";
import { isStarting } from "@/features/sessions/states";
import { Timeline } from "@/features/sessions/Timeline";
import { useSession, useStory } from "@/features/sessions/useSession";
import { useSessionActions } from "@/features/sessions/useSessionActions";
import { preloadViewer } from "@/features/viewer/preload";

export default function SessionPage() {
  const { sessionId = "" } = useParams();
  const { session, problem, reload } = useSession(sessionId);
  const navigate = useNavigate();
  if (!session) {
    return problem ? (
      <ContentLayout header={<Header variant="h1">Session</Header>}>
        <ProblemAlert problem={problem} header="This session cannot be shown" onRetry={reload} />
      </ContentLayout>
    ) : (
      <Loading />
    );
  }
  return (
    <SpaceBetween size="m">
      <BreadcrumbGroup
        items={[
          { text: "My sessions", href: "/sessions" },
          { text: session.name, href: `/sessions/${session.id}` },
        ]}
        onFollow={(event) => {
          event.preventDefault();
          void navigate(event.detail.href);
        }}
      />
      <Details key={session.id} session={session} />
    </SpaceBetween>
  );
}

function Details({ session }: { session: Session }) {
  const actions = useSessionActions();
  const { items: controllers } = useControllers();
  const { timeline, placement } = useStory(session);
  const [openWhenReady, setOpenWhenReady] = useAutoOpen(session);
  const controllerName = session.controller_id ? controllers.get(session.controller_id)?.name : undefined;
  const stuck = session.state === "pending" || (session.state === "failed" && !session.controller_id);

  return (
    <ContentLayout header={<SessionHeader session={session} actions={actions} />}>
      <SpaceBetween size="l">
        <ReasonAlert session={session} />
        {session.state === "hibernated" && (
          <Alert>The session is hibernated: it uses no CPU or memory, and its home folder is kept.</Alert>
        )}
        {stuck && placement && <PlacementVerdicts placement={placement} />}
        {(isStarting(session) || session.state === "failed") && (
          <Container
            header={
              <Header
                variant="h2"
                actions={
                  isStarting(session) && (
                    <Toggle checked={openWhenReady} onChange={({ detail }) => setOpenWhenReady(detail.checked)}>
                      Open when ready
                    </Toggle>
                  )
                }
              >
                {session.state === "waking" ? "Waking" : "Start"}
              </Header>
            }
          >
            <StageSteps session={session} controllerName={controllerName} />
          </Container>
        )}
        <SessionFacts session={session} controllerName={controllerName} />
        {!stuck && placement && placement.verdicts.length > 0 && <PlacementVerdicts placement={placement} />}
        {session.controller_id && session.state !== "terminated" && <SessionLog session={session} />}
        <Timeline entries={timeline} />
      </SpaceBetween>
      {actions.dialog}
    </ContentLayout>
  );
}

/** Opens the viewer by itself when a start that was watched here ends well. */
function useAutoOpen(session: Session): [boolean, (on: boolean) => void] {
  const navigate = useNavigate();
  const launched = (useLocation().state as { launched?: boolean } | null)?.launched === true;
  const [on, setOn] = useState(true);
  const [watched, setWatched] = useState(launched);
  const starting = isStarting(session);
  if (starting && !watched) setWatched(true);
  const { id, state } = session;

  useEffect(() => {
    if (starting) preloadViewer();
  }, [starting]);
  useEffect(() => {
    if (state === "running" && watched && on) void navigate(`/sessions/${id}/view`, { replace: true });
  }, [state, watched, on, id, navigate]);
  return [on, setOn];
}
