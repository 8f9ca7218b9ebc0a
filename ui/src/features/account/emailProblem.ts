/** What is plainly not an e-mail address, said before the server is asked. The server has the last word. */
export function emailProblem(email: string): string | undefined {
  const trimmed = email.trim();
  if (!trimmed) return "Enter an e-mail address.";
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(trimmed) ? undefined : "This does not look like an e-mail address.";
}
