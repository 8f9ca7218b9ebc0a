import { client, unwrap } from "./client";
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

export const onSignedOut = (listener: () => void) => tokens.onSignedOut(listener);

export const me = (): Promise<Me> => unwrap(client.GET("/v1/me"));
