/** How pretend sessions live: stage by stage, slowly enough to be watched. */
import { publish } from "./events.mjs";
import { world } from "./world.mjs";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const SLOW = Number(process.env.SLOW ?? 1);

export function change(session, fields, cause = null) {
  if (fields.state && fields.state !== session.state) {
    const story = world.timelines.get(session.id) ?? [];
    story.push({
      at: new Date().toISOString(),
      from: session.state,
      to: fields.state,
      actor: cause ? "demo@example.com" : "agent",
      cause: cause ?? "reported",
      reason: fields.reason ?? null,
      generation: session.generation,
    });
    world.timelines.set(session.id, story);
  }
  Object.assign(session, fields, { updated_at: new Date().toISOString() });
  publish("session.changed", session);
}

export async function startUp(session) {
  const { generation } = session;
  const waking = session.state === "waking";
  const going = async (fields, ms) => {
    await pause(ms * SLOW);
    if (session.generation === generation) change(session, fields);
    return session.generation === generation;
  };
  if (session.template_name === "Render farm") {
    change(session, {
      reason: {
        code: "no_capacity",
        message: "No controller can take this session. workshop: Not enough CPU: 64000m asked, 4500m free.",
      },
    });
    return;
  }
  const state = waking ? "waking" : "starting";
  if (!(await going({ state, stage: "queued", controller_id: world.controllers[0].id }, 150))) return;
  if (!(await going({ stage: "claimed" }, 300))) return;
  if (session.template_name === "Broken image") {
    await going({ stage: "pulling" }, 400);
    await going(
      {
        state: "failed",
        reason: {
          code: "image_not_found",
          message: "The image streamspace/no-such-image:dev does not exist on the Docker host, and no registry has it.",
        },
      },
      700,
    );
    return;
  }
  const total = 362 * 2 ** 20;
  for (let step = 0; step <= 8 && !waking; step += 1) {
    if (!(await going({ stage: "pulling", progress: { done: Math.round((total * step) / 8), total } }, 180))) return;
  }
  if (!(await going({ stage: "creating", progress: null }, 250))) return;
  if (!(await going({ stage: "connecting" }, 350))) return;
  await going({ state: "running", stage: "ready", started_at: new Date().toISOString() }, 400);
}

export async function hibernate(session) {
  session.generation += 1;
  change(session, { state: "hibernating", desired_state: "hibernated" }, "hibernate");
  await pause(900 * SLOW);
  change(session, { state: "hibernated", stage: null });
}

export async function terminate(session) {
  session.generation += 1;
  change(session, { state: "terminating", desired_state: "terminated" }, "terminate");
  await pause(900 * SLOW);
  change(session, { state: "terminated", stage: null });
}
