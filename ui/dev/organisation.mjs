/** Quotas, the audit log, settings and one's own account in the pretend API. */
import { actions, entries, exports, head, quotas, running, signIns, tenant } from "./organisation-data.mjs";

const ok = (body, status = 200) => ({ status, body });
const none = { status: 204 };
const problem = (status, code, detail, errors = []) => ({
  status,
  body: { type: `https://streamspace.dev/problems/${code}`, title: code, status, detail, code, errors },
});
const page = (items, next_cursor = null) => ok({ items, next_cursor });
const soon = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
const DEFAULT = () => quotas.find(({ scope }) => scope === "user-default").limits;

function setQuota(method, of, key, body) {
  const scope = { users: "user", groups: "group" }[of] ?? of;
  let found = quotas.find((each) => each.scope === scope && each.subject_id === (key ?? null));
  if (!found) {
    found = { scope, subject_id: key, used: { sessions: 0, cpu: "0m", memory: "0", gpu: 0, storage: "0" } };
    quotas.push(found);
  }
  const none_ = Object.fromEntries(["sessions", "cpu", "memory", "gpu", "storage"].map((name) => [name, null]));
  if (method === "DELETE") Object.assign(found, { limits: scope === "user" ? DEFAULT() : none_, inherited: true });
  else Object.assign(found, { limits: { ...none_, ...body.limits }, inherited: false });
  return method === "DELETE" ? none : ok(found);
}

function audit(rest, url) {
  if (rest === "head") return ok(head);
  if (rest === "actions") return ok({ items: actions });
  if (rest === "exports") {
    const file = (name, first, last, bytes) => ({
      name,
      first,
      last,
      bytes,
      url: `/dev/${name}`,
      expires_at: soon(60),
    });
    return ok(
      {
        files: [file("audit-00000001.jsonl", 1, 100, 61_000), file("audit-00000101.jsonl", 101, 128, 17_200)],
        after: { sequence: 0, hash: "0".repeat(64) },
        head: { sequence: head.sequence, hash: head.hash },
        complete: true,
      },
      201,
    );
  }
  const wanted = (name) => url.searchParams.get(name);
  const is = (name, value) => !wanted(name) || wanted(name) === value;
  const found = entries.filter(
    ({ actor, action, target, outcome, at }) =>
      is("actor", actor.id) &&
      is("action", action) &&
      is("target", target.id) &&
      is("outcome", outcome) &&
      (!wanted("from") || at >= wanted("from")) &&
      (!wanted("to") || at <= wanted("to")),
  );
  const from = Number(wanted("cursor") ?? 0);
  const to = from + Number(wanted("limit") ?? 50);
  return page(found.slice(from, to), to < found.length ? String(to) : null);
}

function organisation(method, rest, key, body, me) {
  if (rest === "exports") {
    if (method === "POST") {
      const made = running();
      exports.unshift(made);
      let steps = 0;
      const timer = setInterval(() => {
        steps += 1;
        made.progress = { done: steps * 210, total: null };
        if (steps < 12) return;
        clearInterval(timer);
        Object.assign(made, {
          state: "done",
          progress: { done: 2520, total: 2520 },
          finished_at: soon(0),
          url: "/dev/all.jsonl",
          bytes: 3_100_000,
        });
      }, 700);
      return ok(made, 202);
    }
    return key ? ok(exports.find(({ id }) => id === key)) : page(exports);
  }
  if (rest === "deletion") {
    if (body.password === "wrong")
      return problem(403, "wrong_password", "The password is wrong.", [
        { field: "password", message: "This is not your password." },
      ]);
    return ok({ message: "It is being deleted." }, 202);
  }
  if (method === "GET") return ok(tenant);
  if (body.settings?.ip_allow_list?.includes("10.0.0.0/8"))
    return problem(422, "invalid", "settings.ip_allow_list: Your own address 203.0.113.7 has to be in it.", [
      { field: "settings.ip_allow_list", message: "Your own address 203.0.113.7 has to be in it." },
    ]);
  Object.assign(tenant.settings, body.settings);
  Object.assign(tenant.branding, body.branding);
  tenant.name = body.name ?? tenant.name;
  Object.assign(me.tenant, { name: tenant.name, branding: tenant.branding });
  return ok(tenant);
}

function account(method, rest, key, body, me) {
  if (rest === "password")
    return body.current_password === "wrong"
      ? problem(403, "wrong_password", "The password is wrong.", [
          { field: "current_password", message: "This is not your password." },
        ])
      : none;
  if (rest === "sign-ins") {
    if (method === "GET") return page(signIns);
    const kept = signIns.filter(({ id, current }) => (key ? id !== key : current));
    signIns.splice(0, signIns.length, ...kept);
    return none;
  }
  Object.assign(me.user.preferences, body.preferences);
  me.user.name = body.name ?? me.user.name;
  return ok(me);
}

/** `me` is who is signed in; null: this is about something else. */
export function organised(method, url, body, me) {
  const [, , kind, rest, key] = url.pathname.split("/");
  if (kind === "quotas") return rest ? setQuota(method, rest, key, body) : ok({ items: quotas });
  if (kind === "audit") return audit(rest, url);
  if (kind === "tenant") return organisation(method, rest, key, body, me);
  if (kind === "me" && (rest || method === "PATCH")) return account(method, rest, key, body, me);
  return null;
}

const REFUSALS = {
  tenant_suspended: () => problem(403, "tenant_suspended", "This organisation is suspended."),
  tenant_deleting: () => problem(401, "tenant_deleting", "This organisation is being deleted."),
  address_not_allowed: () =>
    problem(403, "address_not_allowed", "Your organisation does not allow access from this address."),
  signed_out: () => problem(401, "signed_out", "Please sign in again."),
};

/** What every call of somebody signed in gets after /dev/refuse?code=…, until it is taken back. */
export const refusal = (code) => REFUSALS[code]?.() ?? null;

export function forgetOrganisation() {
  entries.length = 0;
  exports.length = 0;
  Object.assign(head, { sequence: 0, unsealed: 0 });
  quotas.splice(0, quotas.length);
}

/** Each walk of pictures begins without an accent and a logo. */
export function unbrand(me) {
  Object.assign(tenant.branding, { accent: null, logo: null });
  Object.assign(me.tenant, { name: tenant.name, branding: tenant.branding });
}
