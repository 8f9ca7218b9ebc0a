/** One's own account: profile, preferences, password and the places one is signed in. */
import { client, unwrap } from "./client";
import { everyPage } from "./pages";
import type { MePatch, MySignIn } from "./types";

export const changeMe = async (body: MePatch): Promise<void> => {
  await unwrap(client.PATCH("/v1/me", { body }));
};

export const changePassword = async (current_password: string, new_password: string): Promise<void> => {
  await unwrap(client.PUT("/v1/me/password", { body: { current_password, new_password } }));
};

export const listMySignIns = (): Promise<MySignIn[]> =>
  everyPage((cursor) => unwrap(client.GET("/v1/me/sign-ins", { params: { query: { limit: 100, cursor } } })));

export const endSignIn = async (sign_in_id: string): Promise<void> => {
  await unwrap(client.DELETE("/v1/me/sign-ins/{sign_in_id}", { params: { path: { sign_in_id } } }));
};

export const endOtherSignIns = async (): Promise<void> => {
  await unwrap(client.DELETE("/v1/me/sign-ins"));
};
