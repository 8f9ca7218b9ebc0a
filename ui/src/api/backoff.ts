/**
 * How long to wait before attempt `attempt` (0 is the first retry), in milliseconds: doubling up to `cap`,
 * with "equal jitter" (half fixed, half random) so that a thousand tabs do not come back at once.
 */
export function backoff(attempt: number, { base = 250, cap = 8000, random = Math.random } = {}): number {
  const full = Math.min(cap, base * 2 ** Math.min(attempt, 16));
  return Math.round(full / 2 + (full / 2) * random());
}
