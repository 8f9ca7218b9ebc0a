/** The pretend API: the contract's shapes, without its guarantees. */
import { enrol, enrolled, oneController, restoreControllers } from "./controllers.mjs";
import { dropSubscribers, publish, since } from "./events.mjs";
import { change, hibernate, startUp, terminate } from "./life.mjs";
import { forgetOrganisation, organised, refusal, unbrand } from "./organisation.mjs";
import { design } from "./people-data.mjs";
import { anonymous, forget, people, permissionsOf } from "./people.mjs";
import { dropStreams } from "./rfb.mjs";
import { session, world } from "./world.mjs";

const ok = (body, status = 200, headers = {}) => ({ status, body, headers });
const problem = (status, code, detail, more = {}, headers = {}) => ({
  status,
  headers,
  body: { type: `https://streamspace.dev/problems/${code}`, title: code, status, detail, code, errors: [], ...more },
});
const page = (items) => ok({ items, next_cursor: null });
const later = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();
const token = () =>
  ok({ access_token: `access-${Date.now()}`, token_type: "Bearer", expires_in: 900 }, 200, {
    "Set-Cookie": "streamspace_refresh=1; HttpOnly; SameSite=Strict; Path=/v1/auth",
  });
const me = {
  user: {
    id: "usr-1",
    email: "demo@example.com",
    name: "Dana Moore",
    role: "admin",
    kind: "person",
    group_ids: [design.id],
    charged_group_id: design.id,
    preferences: { theme: "system", start_page: "catalog", time_zone: null },
  },
  tenant: { id: "ten-1", slug: "demo", name: "Demo Ltd", branding: { accent: null, logo: null } },
  via: "sign-in",
};
let failures = 0;

function login({ email, password, tenant }) {
  if (password === "wrong") {
    failures += 1;
    return failures > 3
      ? problem(429, "locked", "Too many failed attempts. Try again in 40 s.", {}, { "Retry-After": "40" })
      : problem(401, "wrong_credentials", "E-mail or password is wrong.");
  }
  if (email.startsWith("two") && !tenant)
    return problem(409, "tenant_required", "Choose the organisation to sign in to.", { tenants: ["acme", "demo"] });
  failures = 0;
  return token();
}

function connect(one) {
  if (one.state !== "running") return problem(409, "not_running", "The session is not running.");
  const viewOnly = one.name.startsWith("Somebody");
  return ok({
    url: `ws://127.0.0.1:${process.env.PORT ?? 8099}/stream/${one.controller_id}/${one.id}`,
    protocol: "vnc",
    ticket: `t${Date.now()}`,
    expires_at: later(60),
    permissions: {
      control: !viewOnly,
      clipboard_in: !viewOnly,
      clipboard_out: true,
      files_up: false,
      files_down: false,
    },
  });
}

const logAccess = (one) =>
  ok({
    url: `ws://127.0.0.1:${process.env.PORT ?? 8099}/stream/${one.controller_id}/${one.id}/logs`,
    ticket: `t${Date.now()}`,
    expires_at: later(60),
  });

function placement(one) {
  const [workshop, attic, cellar] = world.controllers;
  const verdict = (of, ...reasons) => ({
    controller_id: of.id,
    controller_name: of.name,
    suitable: reasons.length === 0,
    reasons: reasons.map(([code, message]) => ({ code, message })),
  });
  const mine =
    one.state === "pending"
      ? [
          ["no_cpu", "Not enough CPU: 64000m asked, 4500m free."],
          ["no_memory", "Not enough memory: 512Gi asked, 27Gi free."],
        ]
      : [];
  const verdicts = [
    verdict(workshop, ...mine),
    verdict(attic, ["paused", "It is paused until 2026-11-22 23:30 UTC (New disks)."]),
    verdict(cellar, ["offline", "Its agent has not reported yet."]),
  ];
  return ok({ evaluated_at: one.created_at, controller_id: one.controller_id, verdicts });
}

function create(body) {
  const of = world.templates.find((each) => each.id === body.template_id);
  const made = session(of, body.name ?? of.name, "pending", {
    stage: "queued",
    controller_id: null,
    created_at: new Date().toISOString(),
    resources: { ...of.resources, ...body.resources },
  });
  world.sessions.push(made);
  world.timelines.set(made.id, [
    {
      at: made.created_at,
      from: null,
      to: "pending",
      actor: "demo@example.com",
      cause: "created",
      reason: null,
      generation: 1,
    },
  ]);
  publish("session.changed", made);
  void startUp(made);
  return ok(structuredClone(made), 201);
}

function oneSession(method, one, rest, url) {
  if (!one) return problem(404, "not_found", "There is no such session.");
  if (rest === "connect") return connect(one);
  if (rest === "logs") return logAccess(one);
  if (rest === "timeline") return page(world.timelines.get(one.id) ?? []);
  if (rest === "placement") return placement(one);
  if (rest === "hibernate") void hibernate(one);
  if (rest === "wake") {
    one.generation += 1;
    change(one, { state: "waking", desired_state: "running", stage: "queued", reason: null }, "wake");
    void startUp(one);
  }
  if (method === "DELETE") void terminate(one, url.searchParams.get("delete_home") === "true");
  return ok(structuredClone(one), method === "GET" ? 200 : 202);
}

export async function route(request, url, body) {
  const { method } = request;
  const path = url.pathname;
  if (path === "/dev/drop") return (dropStreams(Number(url.searchParams.get("code") ?? 1012)), ok({}));
  if (path === "/dev/offline") {
    world.offline = url.searchParams.get("on") === "1";
    if (world.offline) dropSubscribers();
    return ok({});
  }
  if (path === "/dev/empty")
    return (
      forget(),
      forgetOrganisation(),
      Object.assign(world, { sessions: [], controllers: [], templates: [] }),
      ok({})
    );
  if (path === "/dev/controllers") return (restoreControllers(), ok({}));
  if (path === "/dev/role") return ((me.user.role = url.searchParams.get("is")), ok({}));
  if (path === "/dev/plain") return (unbrand(me), ok({}));
  if (path === "/dev/refuse") return ((world.refuse = url.searchParams.get("code")), ok({}));
  if (path === "/dev/closed") return ((world.closed = url.searchParams.get("on") === "1"), ok({}));
  if (world.offline) return problem(503, "unavailable", "The store does not answer. Retry in a moment.");
  if (path === "/v1/auth/login") return login(body);
  if (path === "/v1/auth/refresh" && world.refuse) return refusal(world.refuse);
  if (path === "/v1/auth/refresh")
    return request.headers.cookie?.includes("streamspace_refresh=1")
      ? token()
      : problem(401, "signed_out", "Please sign in.");
  if (path === "/v1/auth/logout")
    return { status: 204, headers: { "Set-Cookie": "streamspace_refresh=; Max-Age=0; Path=/v1/auth" } };
  const entering = anonymous(path, body, token);
  if (entering) return entering;
  if (!request.headers.authorization) return problem(401, "unauthenticated", "Send an access token.");
  if (world.refuse) return refusal(world.refuse);
  if (path === "/v1/me" && method === "GET") return ok({ ...me, permissions: permissionsOf(me.user.role) });
  if (path === "/v1/templates") return page(world.templates);
  if (path === "/v1/events/ticket")
    return ok({ url: `ws://127.0.0.1:${process.env.PORT ?? 8099}/events`, ticket: "e", expires_at: later(60) });
  if (path === "/v1/events") return ok(since(Number(url.searchParams.get("after") ?? 0)));
  if (path === "/v1/sessions") return method === "POST" ? create(body) : page(world.sessions);
  if (path === "/v1/controllers") return page(world.controllers);
  if (path === "/v1/controllers/enrollment-tokens") return enrol(body);
  if (path === "/v1/agents") return enrolled(url.searchParams.get("enrollment_token_id"));
  const found = people(method, url, body) ?? organised(method, url, body, me);
  if (found) return found;
  const [, , kind, key, rest, more] = path.split("/");
  if (kind === "sessions")
    return oneSession(
      method,
      world.sessions.find((each) => each.id === key),
      rest,
      url,
    );
  if (kind === "templates")
    return ok(
      Object.assign(
        world.templates.find((each) => each.id === key),
        body,
      ),
    );
  if (kind === "controllers")
    return oneController(
      method,
      world.controllers.find((each) => each.id === key),
      [rest, more],
      body,
    );
  return problem(404, "not_found", "There is no such route.");
}
