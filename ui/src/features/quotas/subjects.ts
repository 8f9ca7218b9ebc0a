/** Whose limits there are to see and to set, in one list: also those of people who have used nothing yet. */
import type { Limits, Quota, Subject } from "@/api/quotas";

export interface Named {
  id: string;
  name: string;
}

export interface SubjectRow {
  id: string;
  name: string;
  subject: Subject & { id: string };
  quota: Quota;
}

export interface Subjects {
  organisation: Quota;
  default: Quota;
  groups: SubjectRow[];
  members: SubjectRow[];
}

const NOTHING = { sessions: 0, cpu: "0m", memory: "0", gpu: 0, storage: "0" };
const UNLIMITED: Limits = { sessions: null, cpu: null, memory: null, gpu: null, storage: null };

export function subjectsOf(quotas: readonly Quota[], groups: readonly Named[], members: readonly Named[]): Subjects {
  const only = (scope: Quota["scope"]) =>
    quotas.find((quota) => quota.scope === scope) ?? empty(scope, null, UNLIMITED, false);
  const fallback = only("user-default");
  return {
    organisation: only("tenant"),
    default: fallback,
    groups: rows("group", quotas, groups, UNLIMITED),
    members: rows("user", quotas, members, fallback.limits),
  };
}

/** Everybody who is named, and everybody who has a quota though nobody names them (any more). */
function rows(
  scope: "user" | "group",
  quotas: readonly Quota[],
  named: readonly Named[],
  inherited: Limits,
): SubjectRow[] {
  const own = new Map(
    quotas.flatMap((quota) => (quota.scope === scope && quota.subject_id ? [[quota.subject_id, quota]] : [])),
  );
  const names = new Map(named.map(({ id, name }) => [id, name]));
  return [...new Set([...names.keys(), ...own.keys()])]
    .map((id) => ({
      id,
      name: names.get(id) ?? id,
      subject: { scope, id },
      quota: own.get(id) ?? empty(scope, id, inherited, true),
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

const empty = (scope: Quota["scope"], subject_id: string | null, limits: Limits, inherited: boolean): Quota => ({
  scope,
  subject_id,
  limits,
  used: NOTHING,
  inherited,
});
