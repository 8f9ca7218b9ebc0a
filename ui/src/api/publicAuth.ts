/** What people do before they are signed in. Tokens come from a link in a mail and go in the body only. */
import { client, unwrap } from "./client";
import { tokens } from "./tokens";
import type { AuthOptions, OpenInvitation } from "./types";

export interface SignUpRequest {
  organisation: string;
  email: string;
  name: string;
}

export const authOptions = (): Promise<AuthOptions> => unwrap(client.GET("/v1/auth/options"));

export const signUp = (body: SignUpRequest): Promise<{ message: string }> =>
  unwrap(client.POST("/v1/auth/sign-up", { body }));

export const confirmSignUp = async (token: string, password: string): Promise<void> => {
  tokens.set(await unwrap(client.POST("/v1/auth/sign-up/confirm", { body: { token, password } })));
};

export const requestReset = (email: string): Promise<{ message: string }> =>
  unwrap(client.POST("/v1/auth/password-reset", { body: { email } }));

export const confirmReset = async (token: string, new_password: string): Promise<void> => {
  await unwrap(client.POST("/v1/auth/password-reset/confirm", { body: { token, new_password } }));
};

export const readInvitation = (token: string): Promise<OpenInvitation> =>
  unwrap(client.POST("/v1/auth/invitation", { body: { token } }));

export const acceptInvitation = async (token: string, name: string, password: string): Promise<void> => {
  tokens.set(await unwrap(client.POST("/v1/auth/invitation/accept", { body: { token, name, password } })));
};
