/**
 * The access token, in memory only. It is renewed with the HttpOnly cookie: one renewal at a time in this
 * tab, and one at a time among all tabs, because a refresh token that is used twice signs everybody out.
 */
import { Problem, problemFrom, unreachable } from "./problem";
import type { TokenAnswer } from "./types";

const EARLY_SECONDS = 30;
const LOCK = "streamspace-refresh";

export type Serialise = <T>(work: () => Promise<T>) => Promise<T>;

export interface TokenDependencies {
  fetch: typeof fetch;
  now: () => number;
  serialise: Serialise;
}

export class AccessTokens {
  private token: string | null = null;
  private expiresAt = 0;
  private renewal: Promise<string> | null = null;
  private readonly listeners = new Set<(problem: Problem) => void>();

  constructor(private readonly dependencies: TokenDependencies) {}

  set(answer: TokenAnswer): void {
    this.token = answer.access_token;
    this.expiresAt = this.dependencies.now() + answer.expires_in * 1000;
  }

  clear(): void {
    this.token = null;
    this.expiresAt = 0;
  }

  /** A token that lasts for the next call. Throws `Problem` 401 when nobody is signed in. */
  async current(): Promise<string> {
    const early = this.expiresAt - EARLY_SECONDS * 1000;
    return this.token !== null && this.dependencies.now() < early ? this.token : this.renew();
  }

  /** `refused` is the token that the server turned down; another call may have renewed it meanwhile. */
  async replace(refused: string): Promise<string> {
    return this.token !== null && this.token !== refused ? this.token : this.renew();
  }

  /** Called with the server's words when it says that the sign-in has ended. */
  onSignedOut(listener: (problem: Problem) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private renew(): Promise<string> {
    this.renewal ??= this.dependencies
      .serialise(() => this.refresh())
      .finally(() => {
        this.renewal = null;
      });
    return this.renewal;
  }

  private async refresh(): Promise<string> {
    const response = await this.post();
    if (response.ok) {
      const answer = (await response.json()) as TokenAnswer;
      this.set(answer);
      return answer.access_token;
    }
    const problem = await problemFrom(response);
    if (!problem.temporary) {
      this.clear();
      for (const listener of this.listeners) listener(problem);
      throw new Problem(401, problem.code, problem.message);
    }
    throw problem;
  }

  private async post(): Promise<Response> {
    try {
      return await this.dependencies.fetch("/v1/auth/refresh", { method: "POST", credentials: "same-origin" });
    } catch {
      throw unreachable();
    }
  }
}

/** Web Locks exist in secure contexts only; without them a second tab may have to sign in again. */
const amongTabs: Serialise = async (work) => {
  if (!("locks" in navigator)) return work();
  return navigator.locks.request(LOCK, work);
};

export const tokens = new AccessTokens({
  fetch: (...call) => fetch(...call),
  now: () => Date.now(),
  serialise: amongTabs,
});
