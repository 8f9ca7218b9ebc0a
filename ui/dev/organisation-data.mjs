/** Limits, audit entries and settings of the pretend organisation. */
import { createHash } from "node:crypto";
import { ago, design, finance } from "./people-data.mjs";
import { id } from "./world.mjs";

const NONE = { sessions: null, cpu: null, memory: null, gpu: null, storage: null };
const quota = (scope, subject_id, limits, used, inherited = false) => ({
  scope,
  subject_id,
  limits: { ...NONE, ...limits },
  used: { sessions: 0, cpu: "0m", memory: "0", gpu: 0, storage: "0", ...used },
  inherited,
});
const DEFAULT = { sessions: 5, cpu: "8000m", memory: "16Gi", gpu: 0 };
export const quotas = [
  quota(
    "tenant",
    null,
    { sessions: 50, memory: "64Gi", gpu: 4, storage: "2Ti" },
    { sessions: 12, cpu: "11300m", memory: "31Gi", gpu: 1, storage: "640Gi" },
  ),
  quota("user-default", null, DEFAULT, {}),
  quota("group", design.id, { gpu: 2, cpu: "32" }, { sessions: 4, cpu: "24500m", memory: "20Gi", gpu: 1 }),
  quota("group", finance.id, {}, { sessions: 1, cpu: "500m", memory: "1Gi" }, true),
  quota("user", "usr-1", DEFAULT, { sessions: 3, cpu: "3500m", memory: "15564Mi", storage: "20Gi" }, true),
  quota("user", "usr-3", { sessions: 20 }, { sessions: 6, cpu: "7300m", memory: "11Gi", storage: "88Gi" }),
  quota("user", "usr-4", { sessions: 0 }, { sessions: 1, cpu: "500m", memory: "256Mi" }),
];

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1";
const STORIES = [
  ["quota.set", ["tenant", "ten-1", "Demo Ltd"], { sessions: "50", memory: "64Gi" }],
  ["session.create", ["session", id("ses"), "Desktop for the quarterly report"], { template: "Desktop" }],
  ["session.create", ["session", "", ""], { template: "Render farm" }, "quota_exceeded"],
  ["user.invite", ["invitation", id("inv"), "mai.tran@example.com"], { role: "member" }],
  ["auth.login", ["user", "usr-6", "Tom Baker"], {}, "wrong_credentials"],
  ["api_key.create", ["api_key", id("key"), "Laptop scripts"], { scopes: "sessions:read sessions:write" }],
  ["stream.connect", ["session", id("ses"), "Research"], { control: "true" }],
  ["tenant.change", ["tenant", "ten-1", "Demo Ltd"], { changed: "ip_allow_list" }],
  ["controller.change", ["controller", id("ctl"), "attic"], { cordoned: "true" }],
];
const PEOPLE = [
  ["usr-1", "Dana Moore"],
  ["usr-3", "Amara Okafor"],
  ["usr-4", "Jonas Grünewald-Ó Súilleabháin"],
];
const TOTAL = 130;
let previous = "0".repeat(64);
const told = [];
for (let sequence = 1; sequence <= TOTAL; sequence += 1) {
  const [action, [type, target, name], facts, code = null] = STORIES[(TOTAL - sequence) % STORIES.length];
  const actor = code === "wrong_credentials" ? ["", ""] : PEOPLE[sequence % PEOPLE.length];
  const sealed = sequence <= TOTAL - 2;
  const hash = createHash("sha256").update(`${previous}${sequence}`).digest("hex");
  told.push({
    id: id("aud"),
    sequence: sealed ? sequence : null,
    at: ago((TOTAL - sequence) ** 1.6 / 3),
    actor: { id: actor[0], name: actor[1] },
    via: actor[0] === "" ? "" : sequence % 5 === 0 ? `api-key:${id("key")}` : `sign-in:${id("sgn")}`,
    action,
    target: { type, id: target, name },
    source_ip: sequence % 4 === 0 ? "2001:db8:85a3::8a2e:370:7334" : "203.0.113.7",
    user_agent: sequence % 5 === 0 ? "curl/8.14.1" : sequence % 3 === 0 ? PHONE : FIREFOX,
    request_id: id("req"),
    outcome: code ? "refused" : "succeeded",
    code,
    facts,
    previous_hash: sealed ? previous : null,
    hash: sealed ? hash : null,
  });
  if (sealed) previous = hash;
}
/** Newest first. */
export const entries = told.reverse();
export const head = { sequence: TOTAL - 2, hash: previous, unsealed: 2 };
export const actions = [...new Set(STORIES.map(([action]) => action))].sort();

export const tenant = {
  id: "ten-1",
  slug: "demo",
  name: "Demo Ltd",
  created_at: ago(130_000),
  state: "active",
  plan: { name: "team", limits: { members: 100, controllers: 20, templates: 200, api_keys: 5, sessions: null } },
  settings: {
    allowed_images: ["streamspace/*", "ghcr.io/demo/*"],
    ip_allow_list: ["203.0.113.0/24", "2001:db8::/32"],
    password_min_length: 12,
    invitation_days: 7,
  },
  branding: { accent: null, logo: null },
};
const exported = (state, more) => ({
  id: id("exp"),
  state,
  reason: null,
  progress: { done: 1842, total: 1842 },
  created_by: "usr-1",
  created_at: ago(3000),
  finished_at: ago(2999),
  url: null,
  bytes: null,
  ...more,
});
export const running = () =>
  exported("running", { progress: { done: 0, total: null }, created_at: ago(0), finished_at: null });
export const exports = [
  exported("done", { url: "/dev/nothing.jsonl", bytes: 2_400_000 }),
  exported("failed", { reason: "The bucket did not answer.", created_at: ago(9000), finished_at: ago(8999) }),
];

const signIn = (current, user_agent, source_ip, used) => ({
  id: id("sgn"),
  created_at: ago(used + 4000),
  last_used_at: ago(used),
  source_ip,
  user_agent,
  current,
});
export const signIns = [
  signIn(true, FIREFOX, "203.0.113.7", 0),
  signIn(false, PHONE, "2001:db8:85a3::8a2e:370:7334", 90),
  signIn(
    false,
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/141.0.0.0 Safari/537.36 Edg/141.0",
    "198.51.100.4",
    9000,
  ),
];
