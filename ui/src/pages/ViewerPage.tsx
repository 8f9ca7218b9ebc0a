import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import { Navigate, useNavigate, useParams, useSearchParams } from "react-router";
import { Splash } from "@/components/Splash";
import { isStarting } from "@/features/sessions/states";
import { useSession } from "@/features/sessions/useSession";
import { Viewer } from "@/features/viewer/Viewer";

export default function ViewerPage() {
  const { sessionId = "" } = useParams();
  const { session, problem } = useSession(sessionId);
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const [shown, setShown] = useState(false);
  if (!session) {
    return problem ? (
      <Splash>
        <Alert
          type="error"
          header="This session cannot be opened"
          action={<Button onClick={() => void navigate("/sessions")}>My sessions</Button>}
        >
          {problem.message}
        </Alert>
      </Splash>
    ) : (
      <Splash />
    );
  }
  // A session that is still starting is watched on its own page, which comes back here by itself.
  if (!shown && isStarting(session))
    return <Navigate to={`/sessions/${session.id}`} state={{ launched: true }} replace />;
  if (!shown) setShown(true);
  return <Viewer key={session.id} session={session} control={!search.has("view-only")} />;
}
