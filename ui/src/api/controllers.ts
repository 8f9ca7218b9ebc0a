import { client, unwrap } from "./client";
import { everyPage } from "./pages";
import type { Controller, ControllerPatch, EnrollmentRequest, EnrollmentToken } from "./types";

const at = (controller_id: string) => ({ params: { path: { controller_id } } });

export const listControllers = (): Promise<Controller[]> =>
  everyPage((cursor) => unwrap(client.GET("/v1/controllers", { params: { query: { limit: 100, cursor } } })));

export const changeController = (id: string, body: ControllerPatch): Promise<Controller> =>
  unwrap(client.PATCH("/v1/controllers/{controller_id}", { ...at(id), body }));

export const removeController = async (id: string): Promise<void> => {
  await unwrap(client.DELETE("/v1/controllers/{controller_id}", at(id)));
};

export const createEnrollmentToken = (body: EnrollmentRequest): Promise<EnrollmentToken> =>
  unwrap(client.POST("/v1/controllers/enrollment-tokens", { body }));
