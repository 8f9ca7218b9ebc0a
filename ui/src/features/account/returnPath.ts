/** Where to go after sign-in. Whatever was remembered, only a path of this site is followed. */
export const HOME = "/";

export function returnPath(wanted: unknown, origin: string, fallback = HOME): string {
  if (typeof wanted !== "string" || !wanted.startsWith("/")) return fallback;
  try {
    // Browsers read "//host" and "/\host" as other sites, and drop tabs and line ends: ask the parser they use.
    const url = new URL(wanted, origin);
    return url.origin === new URL(origin).origin
      ? `${url.pathname}${url.search}${url.hash}`.replace(/^\/+/, "/")
      : fallback;
  } catch {
    return fallback;
  }
}
