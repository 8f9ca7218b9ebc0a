/** Controllers in the pretend API: their agents, drain, pause and dead letters. */
import { publish } from "./events.mjs";
import { CLUSTER, commandsFor } from "./platforms.mjs";
import { id, world } from "./world.mjs";

const ok = (body, status = 200) => ({ status, body });
const none = { status: 204 };
const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
const DAY = 24 * 60;

const agents = new Map();
const letters = new Map();
const mapped = (map, of, make) => map.get(of.id) ?? (map.set(of.id, make(of)), map.get(of.id));

const agent = (of, more = {}) => ({
  id: id("agt"),
  controller_id: of.id,
  version: "0.1.0",
  protocol_version: 1,
  state: "active",
  last_seen_at: ago(0),
  boots: 4,
  key_created_at: ago(12 * DAY),
  health: of.health,
  created_at: of.created_at,
  ...more,
});

function agentsOf(of) {
  if (of.state === "never_seen") return [];
  const others =
    of.name === "workshop"
      ? [
          agent(of, { boots: 1, key_created_at: ago(200), created_at: ago(200) }),
          agent(of, { version: "0.0.9", state: "silent", boots: 17, last_seen_at: ago(190), key_created_at: ago(29 * DAY) }),
        ]
      : [];
  return [agent(of), ...others];
}

const letter = (problem, detail, more = {}) => ({
  id: id("msg"),
  sent_at: ago(40),
  receives: 1,
  problem,
  detail,
  command_id: null,
  session_id: null,
  open: false,
  ...more,
});

function lettersOf(of) {
  if (of.name !== "attic") return [];
  const [one, two] = world.sessions;
  return [
    letter("not_claimed", "It was received 100 times, and its command was claimed by nobody.", {
      receives: 100,
      sent_at: ago(75),
      command_id: id("cmd"),
      session_id: one?.id ?? null,
      open: true,
    }),
    letter("not_claimed", "It was received 100 times, and its command was claimed by nobody.", {
      receives: 100,
      sent_at: ago(900),
      command_id: id("cmd"),
      session_id: two?.id ?? null,
    }),
    letter("foreign", "It names a controller that is not this one.", { sent_at: ago(310), command_id: id("cmd") }),
    letter("unreadable", "It is not JSON: “<html>…”"),
  ];
}

function change(one, fields) {
  Object.assign(one, fields);
  if (one.drain) one.state = "draining";
  if (one.paused) one.state = "paused";
  if (!one.drain && !one.paused && one.state !== "never_seen") one.state = "online";
  publish("controller.changed", one);
  return ok(structuredClone(one));
}

/** Sessions end one by one, for as long as the drain is on. */
function empty(one) {
  if (!one.drain || one.drain.remaining === 0) return;
  setTimeout(() => {
    if (!one.drain || one.drain.remaining === 0) return;
    const remaining = one.drain.remaining - 1;
    change(one, { drain: { ...one.drain, remaining }, booked: { ...one.booked, sessions: remaining } });
    empty(one);
  }, Number(process.env.DRAIN_MS ?? 4000));
}

function drain(method, one, body) {
  if (method === "DELETE") return change(one, { drain: null });
  const answer = change(one, {
    drain: {
      mode: body.mode,
      since: one.drain?.since ?? new Date().toISOString(),
      reason: body.reason ?? null,
      remaining: one.booked.sessions,
    },
  });
  if (body.mode === "move") empty(one);
  return answer;
}

function pause(method, one, body) {
  if (method === "DELETE") return change(one, { paused: null });
  const until = new Date(Date.now() + body.seconds * 1000).toISOString();
  return change(one, { paused: { until, reason: body.reason ?? null } });
}

function deadLetters(method, one, rest, body) {
  const mine = mapped(letters, one, lettersOf);
  const take = (wanted) => {
    const taken = mine.filter(wanted);
    letters.set(
      one.id,
      mine.filter((each) => !taken.includes(each)),
    );
    return taken;
  };
  if (method === "GET") return ok({ items: mine, next_cursor: null, count: mine.length });
  if (method === "DELETE") return (take(() => true), none);
  const taken = rest === "redrive" ? take(({ id: key }) => !body.ids || body.ids.includes(key)) : [];
  const redriven = taken.filter(({ open }) => open).length;
  return ok({ redriven, dropped: taken.length - redriven });
}

/** As before anybody did anything to them. */
export function restoreControllers() {
  agents.clear();
  letters.clear();
  world.controllers.splice(4);
  for (const one of world.controllers) Object.assign(one, { drain: null, paused: null });
  world.controllers[0].booked.sessions = 3;
}

export function oneController(method, one, [part, rest], body) {
  if (!one) return { status: 404, body: { code: "not_found", title: "not_found", status: 404, detail: "There is no such controller." } };
  if (part === "drain") return drain(method, one, body);
  if (part === "pause") return pause(method, one, body);
  if (part === "dead-letters") return deadLetters(method, one, rest, body);
  if (part === "agents" && method === "DELETE") {
    agents.set(
      one.id,
      mapped(agents, one, agentsOf).filter((each) => each.id !== rest),
    );
    return none;
  }
  if (part === "agents") return ok({ items: mapped(agents, one, agentsOf), next_cursor: null });
  if (method === "DELETE") {
    world.controllers.splice(world.controllers.indexOf(one), 1);
    publish("controller.removed", one);
    return none;
  }
  if (method === "GET") return ok(one);
  Object.assign(one, body);
  publish("controller.changed", one);
  return ok(one);
}

const come = new Map();
const STEP_MS = Number(process.env.ENROL_MS ?? 3000);

/** The agents that came by a token. */
export const enrolled = (token) => ok({ items: come.get(token) ?? [], next_cursor: null });

/** Commands, and soon what they bring: a controller with its agents, or further agents of one. */
export function enrol({ controller_id: existing, name, agents: expected = 1 }) {
  const [token, secret, url] = [id("tok"), "sse_7Qm2Zb0hYkq8r4Vw1LxT9cPd", "http://127.0.0.1:8080"];
  const arrive = (number) => {
    const known = world.controllers.find((each) => each.id === existing);
    const of = known ?? added(name, number);
    const one = agent(of, { state: "never_seen", boots: 0, last_seen_at: null, key_created_at: ago(0), created_at: ago(0) });
    come.set(token, [...(come.get(token) ?? []), one]);
    mapped(agents, of, (made) => (known ? agentsOf(made) : [])).push(one);
    setTimeout(() => {
      Object.assign(one, { state: "active", boots: 1, last_seen_at: ago(0) });
      if (!known) change(of, { state: "online" });
    }, STEP_MS);
    if (number < expected) setTimeout(() => arrive(number + 1), 2 * STEP_MS);
  };
  let made = null;
  const added = (label, number) => {
    if (number === 1) {
      made = {
        ...structuredClone(world.controllers[0]),
        id: id("ctl"),
        name: label ?? "garage",
        state: "never_seen",
        platform: expected > 1 ? CLUSTER : "docker",
        booked: { cpu: "0m", memory: "0", gpu: 0, sessions: 0 },
      };
      world.controllers.push(made);
      publish("controller.changed", made);
    }
    return made;
  };
  if (STEP_MS > 0) setTimeout(() => arrive(1), STEP_MS);
  return ok(
    {
      id: token,
      token: secret,
      agents: expected,
      expires_at: ago(-30),
      ...commandsFor(url, secret),
    },
    201,
  );
}
