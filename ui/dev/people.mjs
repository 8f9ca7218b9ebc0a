/** The people, groups and API keys of the pretend control plane, and its pages for those who come in. */
import {
  ago,
  DAY,
  DESCRIPTIONS,
  design,
  every,
  finance,
  group,
  groups,
  invitation,
  invitations,
  key,
  keys,
  ROLES,
  service,
  users,
} from "./people-data.mjs";
import { id, world } from "./world.mjs";

const ok = (body, status = 200) => ({ status, body });
const none = { status: 204 };
const problem = (status, code, detail, errors = []) => ({
  status,
  body: { type: `https://streamspace.dev/problems/${code}`, title: code, status, detail, code, errors },
});
const gone = problem(404, "not_found", "There is no such thing.");
const page = (items) => ok({ items, next_cursor: null });
const PERSONAL = ["account:write", "owners:write", "tenant:delete"];
const roles = () =>
  ok({
    items: Object.entries(ROLES).map(([name, [description, permissions]]) => ({ name, description, permissions })),
    permissions: every.map((name) => ({ name, description: DESCRIPTIONS[name], personal: PERSONAL.includes(name) })),
  });

export const permissionsOf = (role) => ROLES[role][1];

const counted = (one) => ({
  ...one,
  member_count: users.filter(({ group_ids }) => group_ids.includes(one.id)).length,
});
const link = (one) => ({
  ...one,
  link: `http://127.0.0.1:${process.env.PORT ?? 8099}/invitation#token=eyJhbGciOiJFZERTQSJ9.${one.id}.c2lnbmF0dXJlLXRoYXQtaXMtcmF0aGVyLWxvbmc`,
});
const secret = (one) => ({ ...one, key: `ssk_01kdevtenant0000000000000_${one.id.slice(4)}_pT4vWq9Zr2Lx7Nc5Hs8Jd1` });

function oneUser(method, one, rest, body) {
  if (!one) return gone;
  if (rest === "sign-ins") {
    if (method === "DELETE") return none;
    const sign = (agent, source_ip, used) => ({
      id: id("sgn"),
      created_at: ago(used + 3000),
      last_used_at: ago(used),
      source_ip,
      user_agent: agent,
    });
    return page([
      sign("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "203.0.113.7", 4),
      sign("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "2001:db8::17", 900),
    ]);
  }
  if (method === "DELETE") return (users.splice(users.indexOf(one), 1), none);
  if (method === "PATCH" && one.role === "owner" && body.role && body.role !== "owner")
    return problem(409, "last_owner", "An organisation needs an owner who can sign in: this is the last one.");
  if (method === "PATCH") Object.assign(one, body);
  return ok(one);
}

function invite(body) {
  if (users.some(({ email }) => email === body.email))
    return problem(409, "email_taken", `${body.email} is a member already.`);
  if (body.email.endsWith(".invalid"))
    return problem(422, "invalid", "The e-mail address is not valid.", [
      { field: "email", message: "No mail can be sent to this address." },
    ]);
  const made = invitation(body.email, body.role, "pending", {
    name: body.name ?? "",
    group_ids: body.group_ids ?? [],
    created_at: ago(0),
    expires_at: ago(-7 * DAY),
  });
  invitations.unshift(made);
  return ok(link(made), 201);
}

function oneInvitation(method, one, rest) {
  if (!one) return gone;
  if (rest === "resend") return ok(link(Object.assign(one, { state: "pending", expires_at: ago(-7 * DAY) })));
  one.state = "revoked";
  return none;
}

function oneGroup(method, one, rest, who, body) {
  if (!one) return gone;
  if (rest === "members") {
    const member = users.find(({ id: of }) => of === who);
    if (!who) return page(users.filter(({ group_ids }) => group_ids.includes(one.id)));
    if (!member) return gone;
    member.group_ids = member.group_ids.filter((of) => of !== one.id);
    if (method === "PUT") member.group_ids.push(one.id);
    return none;
  }
  if (method === "DELETE") {
    groups.splice(groups.indexOf(one), 1);
    for (const user of users) user.group_ids = user.group_ids.filter((of) => of !== one.id);
    return none;
  }
  if (method === "PATCH") Object.assign(one, body);
  return ok(counted(one));
}

function apiKeys(method, url, body) {
  if (method === "GET") {
    const whose = url.searchParams.get("user_id") ?? "usr-1";
    return page(keys.filter(({ user_id }) => url.searchParams.get("all") === "true" || user_id === whose));
  }
  const made = key(body.user_id ?? "usr-1", body.name, body.scopes, {
    created_at: ago(0),
    expires_at: ago(-body.expires_in_days * DAY),
    last_used_at: null,
    last_used_ip: null,
  });
  keys.unshift(made);
  return ok(secret(made), 201);
}

function oneKey(method, one, body) {
  if (!one) return gone;
  if (method === "DELETE") return ((one.state = "revoked"), none);
  const made = { ...one, id: id("key"), created_at: ago(0), last_used_at: null, last_used_ip: null };
  keys.unshift(made);
  Object.assign(one, { expires_at: ago(-body.overlap_hours * 60), replaced_by: made.id });
  return ok(secret(made), 201);
}

/** Tokens say what becomes of them: "used", "expired" and "weak" are refused. */
export function anonymous(path, body, signedIn) {
  const refused = {
    used: problem(409, "link_used", "This link was used already."),
    expired: problem(410, "link_expired", "This link has expired. Ask for another one."),
    invalid: problem(422, "link_invalid", "This link does not work.", [{ field: "token", message: "Not ours." }]),
  }[body.token];
  const password = body.password ?? body.new_password ?? "";
  const field = body.new_password === undefined ? "password" : "new_password";
  const weak =
    password && password.length < 12
      ? problem(422, "invalid", "The password is too short.", [
          { field, message: "Use at least 12 characters: this one has " + password.length + "." },
        ])
      : null;
  const sent = { message: "If this address can be used, a mail is on its way. Follow the link in it." };
  switch (path) {
    case "/v1/auth/options":
      return ok({ sign_up: !world.closed, password_min_length: 12 });
    case "/v1/auth/sign-up":
    case "/v1/auth/password-reset":
      return ok(sent, 202);
    case "/v1/auth/password-reset/confirm":
      return refused ?? weak ?? none;
    case "/v1/auth/sign-up/confirm":
    case "/v1/auth/invitation/accept":
      return refused ?? weak ?? signedIn();
    case "/v1/auth/invitation":
      return (
        refused ??
        ok({
          organisation: "Demo Ltd",
          email: "mai.tran@example.com",
          role: "member",
          name: "Mai Tran",
          invited_by: "Dana Moore",
          expires_at: ago(-6 * DAY),
          has_account: false,
          password_min_length: 12,
        })
      );
    default:
      return null;
  }
}

export function people(method, url, body) {
  const [, , kind, one, rest, who] = url.pathname.split("/");
  const of = (rows) => rows.find((each) => each.id === one);
  switch (kind) {
    case "users": {
      const wanted = url.searchParams.get("kind");
      return one
        ? oneUser(method, of(users), rest, body)
        : page(users.filter((each) => !wanted || each.kind === wanted));
    }
    case "invitations":
      if (one) return oneInvitation(method, of(invitations), rest);
      return method === "POST" ? invite(body) : page(invitations);
    case "groups":
      if (one) return oneGroup(method, of(groups), rest, who, body);
      if (method === "GET") return page(groups.map(counted));
      groups.push({ ...group(body.name, body.description ?? ""), created_at: ago(0) });
      return ok(counted(groups.at(-1)), 201);
    case "roles":
      return roles();
    case "service-accounts":
      users.push({ ...service(body.name, body.role), group_ids: body.group_ids ?? [], created_at: ago(0) });
      return ok(users.at(-1), 201);
    case "api-keys":
      return one ? oneKey(method, of(keys), body) : apiKeys(method, url, body);
    default:
      return null;
  }
}

world.templates[2].group_ids = [design.id, finance.id];
world.controllers[1].group_ids = [design.id];
/** For the pictures of an organisation that has just begun. */
export function forget() {
  users.splice(1);
  for (const rows of [groups, invitations, keys]) rows.length = 0;
}
