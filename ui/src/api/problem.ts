/**
 * Every failure of a call becomes one `Problem`: what the server said (RFC 9457), or what a person can make
 * of a connection that broke. Nothing else is thrown by this folder.
 */
export interface FieldProblem {
  field: string;
  message: string;
}

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly errors: readonly FieldProblem[] = [],
    readonly retryAfterSeconds: number | null = null,
    /** Tenants to choose from, when a sign-in must say which. */
    readonly tenants: readonly string[] = [],
  ) {
    super(message);
    this.name = "Problem";
  }

  /** What the server says about one field of the request, if anything. */
  field(name: string): string | undefined {
    return this.errors.find((each) => each.field === name || each.field.startsWith(`${name}.`))?.message;
  }

  /** The same request may succeed later without a change. */
  get temporary(): boolean {
    return this.status === 0 || this.status === 423 || this.status === 429 || this.status >= 500;
  }
}

export const UNREACHABLE = "unreachable";

const FALLBACKS: Readonly<Record<number, string>> = {
  401: "You are not signed in.",
  403: "You are not permitted to do that.",
  404: "That does not exist, or not any more.",
  409: "Somebody changed this at the same time. Look at it again and retry.",
  429: "Too many requests. Wait a moment and retry.",
  502: "StreamSpace is starting or cannot be reached. Retry in a moment.",
  503: "StreamSpace cannot answer right now. Retry in a moment.",
};

export function unreachable(): Problem {
  return new Problem(0, UNREACHABLE, "StreamSpace cannot be reached. Check your connection and retry.");
}

export async function problemFrom(response: Response): Promise<Problem> {
  return problemOf(response.status, await body(response), response.headers.get("Retry-After"));
}

/** `parsed` is whatever came as the body: a problem document, or a proxy's page. */
export function problemOf(status: number, parsed: unknown, retryAfter: string | null = null): Problem {
  const document = isRecord(parsed) ? parsed : {};
  const text = (key: string) => (typeof document[key] === "string" ? document[key] : undefined);
  return new Problem(
    status,
    text("code") ?? `http_${status}`,
    text("detail") ?? text("title") ?? FALLBACKS[status] ?? `The request failed (${status}).`,
    fieldProblems(document["errors"]),
    seconds(retryAfter),
    texts(document["tenants"]),
  );
}

/** For a `catch`: programming errors stay what they are, everything else is already a `Problem`. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(0, "unexpected", error instanceof Error ? error.message : "Something unexpected happened.");
}

async function body(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

function fieldProblems(value: unknown): FieldProblem[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter(isRecord)
    .flatMap(({ field, message }) =>
      typeof field === "string" && typeof message === "string" ? [{ field, message }] : [],
    );
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

function seconds(retryAfter: string | null): number | null {
  const parsed = Number.parseInt(retryAfter ?? "", 10);
  return Number.isFinite(parsed) ? parsed : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
