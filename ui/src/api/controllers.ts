import { client, unwrap } from "./client";
import { everyPage } from "./pages";
import type {
  Agent,
  Controller,
  ControllerPatch,
  DeadLetters,
  DrainRequest,
  EnrollmentRequest,
  EnrollmentToken,
  PauseRequest,
  Redriven,
  RedriveRequest,
} from "./types";

const at = (controller_id: string) => ({ params: { path: { controller_id } } });

export const listControllers = (): Promise<Controller[]> =>
  everyPage((cursor) => unwrap(client.GET("/v1/controllers", { params: { query: { limit: 100, cursor } } })));

export const getController = (id: string): Promise<Controller> =>
  unwrap(client.GET("/v1/controllers/{controller_id}", at(id)));

export const changeController = (id: string, body: ControllerPatch): Promise<Controller> =>
  unwrap(client.PATCH("/v1/controllers/{controller_id}", { ...at(id), body }));

export const removeController = async (id: string): Promise<void> => {
  await unwrap(client.DELETE("/v1/controllers/{controller_id}", at(id)));
};

export const createEnrollmentToken = (body: EnrollmentRequest): Promise<EnrollmentToken> =>
  unwrap(client.POST("/v1/controllers/enrollment-tokens", { body }));

export const drainController = (id: string, body: DrainRequest): Promise<Controller> =>
  unwrap(client.PUT("/v1/controllers/{controller_id}/drain", { ...at(id), body }));

export const stopDraining = (id: string): Promise<Controller> =>
  unwrap(client.DELETE("/v1/controllers/{controller_id}/drain", at(id)));

export const pauseController = (id: string, body: PauseRequest): Promise<Controller> =>
  unwrap(client.PUT("/v1/controllers/{controller_id}/pause", { ...at(id), body }));

export const resumeController = (id: string): Promise<Controller> =>
  unwrap(client.DELETE("/v1/controllers/{controller_id}/pause", at(id)));

export const listAgents = async (id: string): Promise<Agent[]> =>
  (await unwrap(client.GET("/v1/controllers/{controller_id}/agents", at(id)))).items;

/** Those that came by an enrolment token, of whatever controller. */
export const listEnrolledAgents = async (token_id: string): Promise<Agent[]> =>
  (await unwrap(client.GET("/v1/agents", { params: { query: { enrollment_token_id: token_id } } }))).items;

export const revokeAgent = async (controller_id: string, agent_id: string): Promise<void> => {
  await unwrap(
    client.DELETE("/v1/controllers/{controller_id}/agents/{agent_id}", {
      params: { path: { controller_id, agent_id } },
    }),
  );
};

/** The first of them; the queue tells no order, so there are no further pages. */
export const listDeadLetters = (id: string): Promise<DeadLetters> =>
  unwrap(
    client.GET("/v1/controllers/{controller_id}/dead-letters", {
      params: { path: { controller_id: id }, query: { limit: 100 } },
    }),
  );

const redriveSome = (id: string, body: RedriveRequest): Promise<Redriven> =>
  unwrap(client.POST("/v1/controllers/{controller_id}/dead-letters/redrive", { ...at(id), body }));

/** Bounded, so that letters that come back as fast as they are redriven cannot hold us. */
const MAX_ROUNDS = 25;

/** Those with these ids, or all of them: as many calls as that takes. */
export async function redriveDeadLetters(id: string, ids?: readonly string[]): Promise<Redriven> {
  if (ids) return redriveSome(id, { ids: [...ids] });
  const done = { redriven: 0, dropped: 0 };
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const { redriven, dropped } = await redriveSome(id, {});
    if (redriven + dropped === 0) break;
    done.redriven += redriven;
    done.dropped += dropped;
  }
  return done;
}

export const purgeDeadLetters = async (id: string): Promise<void> => {
  await unwrap(client.DELETE("/v1/controllers/{controller_id}/dead-letters", at(id)));
};
