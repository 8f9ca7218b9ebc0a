/** The stages of a start as a list of steps with a status each. Pure, so that it can be tested. */
import type { Session, SessionStage } from "@/api/types";

export const STAGES: readonly SessionStage[] = ["queued", "claimed", "pulling", "creating", "connecting", "ready"];

export type StepStatus = "done" | "active" | "failed" | "waiting";

export interface Step {
  stage: SessionStage;
  status: StepStatus;
}

type Staged = Pick<Session, "state" | "stage">;

export function steps(session: Staged): Step[] {
  const at = STAGES.indexOf(reached(session));
  const here = statusHere(session);
  return STAGES.map((stage, index) => ({
    stage,
    status: index < at ? "done" : index === at ? here : "waiting",
  }));
}

function reached({ state, stage }: Staged): SessionStage {
  return state === "running" ? "ready" : (stage ?? "queued");
}

function statusHere({ state }: Staged): StepStatus {
  if (state === "running") return "done";
  return state === "failed" ? "failed" : "active";
}

/** Percent of a pull, or null while its size is unknown. */
export function percent(progress: Session["progress"]): number | null {
  if (!progress || progress.total <= 0) return null;
  return Math.min(100, Math.floor((progress.done / progress.total) * 100));
}
