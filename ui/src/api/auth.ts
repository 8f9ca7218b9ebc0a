import { client, unwrap } from "./client";
import type { Problem } from "./problem";
import { tokens } from "./tokens";
import type { LoginRequest, Me } from "./types";

export async function signIn(body: LoginRequest): Promise<void> {
  tokens.set(await unwrap(client.POST("/v1/auth/login", { body })));
}

/** Forgets the token whatever the server says: a person who signs out is signed out. */
export async function signOut(): Promise<void> {
  try {
    await unwrap(client.POST("/v1/auth/logout"));
  } finally {
    tokens.clear();
  }
}

/** Forgets the token without a word to the server, which has none of this sign-in any more. */
export const forget = (): void => tokens.clear();

export const onSignedOut = (listener: (problem: Problem) => void) => tokens.onSignedOut(listener);

export { onForbidden } from "./client";

export const me = (): Promise<Me> => unwrap(client.GET("/v1/me"));
