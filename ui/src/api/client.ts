/** The typed client: paths, parameters and bodies are checked against the generated document. */
import createClient from "openapi-fetch";
import { Problem, problemOf, unreachable } from "./problem";
import type { paths } from "./schema";
import { tokens, type AccessTokens } from "./tokens";

/** Everything under it is for people who are not signed in (yet). */
const OPEN = "/v1/auth/";

/** Sends with a bearer token; renews it once when it is refused. */
export function authorised(
  send: (request: Request) => Promise<Response>,
  access: Pick<AccessTokens, "current" | "replace">,
): (request: Request) => Promise<Response> {
  const attempt = async (request: Request, token: string) => {
    const bearer = request.clone();
    bearer.headers.set("Authorization", `Bearer ${token}`);
    return reach(send, bearer);
  };
  return async (request) => {
    if (new URL(request.url).pathname.startsWith(OPEN)) return reach(send, request);
    const token = await access.current();
    const response = await attempt(request, token);
    return response.status === 401 ? attempt(request, await access.replace(token)) : response;
  };
}

async function reach(send: (request: Request) => Promise<Response>, request: Request): Promise<Response> {
  try {
    return await send(request);
  } catch {
    throw unreachable();
  }
}

export const client = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "http://localhost" : location.origin,
  credentials: "same-origin",
  fetch: authorised((request) => fetch(request), tokens),
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

const forbidden = new Set<(problem: Problem) => void>();

/** Called with every 403: some of them mean that nothing else will be answered either. */
export function onForbidden(listener: (problem: Problem) => void): () => void {
  forbidden.add(listener);
  return () => void forbidden.delete(listener);
}

/** The body of a success; throws a `Problem` for everything else. */
export async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await settled(call);
  if (response.ok) return data as T;
  const problem = problemOf(response.status, error, response.headers.get("Retry-After"));
  if (problem.status === 403) for (const listener of forbidden) listener(problem);
  throw problem;
}

async function settled<T>(call: Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Problem) throw error;
    // The only thing left to go wrong is a body that is not what its content type says.
    throw new Problem(0, "unreadable", "The answer could not be read. Retry in a moment.");
  }
}
