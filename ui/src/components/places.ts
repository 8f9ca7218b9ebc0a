/** Where the side navigation leads: its sections, and who sees which entry. */
export interface Place {
  text: string;
  href: string;
  /** Any of these permissions shows it; none named: everybody sees it. */
  needs?: readonly string[];
}

export interface Section {
  title: string;
  places: readonly Place[];
}

const SECTIONS: readonly Section[] = [
  {
    title: "Work",
    places: [
      { text: "Catalog", href: "/catalog" },
      { text: "My sessions", href: "/sessions" },
    ],
  },
  {
    title: "Infrastructure",
    places: [{ text: "Controllers", href: "/controllers", needs: ["controllers:read"] }],
  },
  {
    title: "Organisation",
    places: [
      { text: "Members", href: "/members", needs: ["users:read"] },
      { text: "Groups", href: "/groups", needs: ["groups:read"] },
      { text: "Roles", href: "/roles" },
      { text: "API keys", href: "/api-keys", needs: ["account:write", "api_keys:read_all"] },
      { text: "Quotas", href: "/quotas", needs: ["quotas:read"] },
      { text: "Audit log", href: "/audit", needs: ["audit:read"] },
      { text: "Settings", href: "/settings", needs: ["tenant:read"] },
    ],
  },
];

/** The sections that somebody with these permissions has anything in. */
export function sectionsFor(permissions: readonly string[]): Section[] {
  const open = ({ needs }: Place) => !needs || needs.some((need) => permissions.includes(need));
  return SECTIONS.map(({ title, places }) => ({ title, places: places.filter(open) })).filter(
    ({ places }) => places.length > 0,
  );
}

/** The entry that a path is under. */
export function placeOf(sections: readonly Section[], pathname: string): Place | undefined {
  return sections
    .flatMap(({ places }) => places)
    .find(({ href }) => pathname === href || pathname.startsWith(`${href}/`));
}
