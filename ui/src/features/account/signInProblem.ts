/** What a refused sign-in means to the person in front of it. */
import type { Problem } from "@/api/problem";

export interface SignInMessage {
  header: string;
  text: string;
  /** The e-mail address is known to several tenants: ask which. */
  needsTenant: boolean;
}

export function signInMessage(problem: Problem): SignInMessage {
  const needsTenant = problem.code === "tenant_required" || problem.field("tenant") !== undefined;
  if (needsTenant) {
    return {
      header: "Which tenant?",
      text: "Your e-mail address belongs to several tenants. Choose one.",
      needsTenant,
    };
  }
  if (problem.status === 423 || problem.status === 429) {
    return { header: "Too many attempts", text: wait(problem.retryAfterSeconds) ?? problem.message, needsTenant };
  }
  if (problem.status === 401) {
    return { header: "Sign-in failed", text: "The e-mail address or the password is wrong.", needsTenant };
  }
  return {
    header: problem.temporary ? "StreamSpace does not answer" : "Sign-in failed",
    text: problem.message,
    needsTenant,
  };
}

function wait(seconds: number | null): string | null {
  if (seconds === null || seconds <= 0) return null;
  const time =
    seconds < 90 ? `${seconds} ${seconds === 1 ? "second" : "seconds"}` : `${Math.ceil(seconds / 60)} minutes`;
  return `Sign-in is locked for a while to protect the account. Try again in ${time}.`;
}
