/** Who belongs to the pretend organisation, and what its roles may do. */
import { id } from "./world.mjs";

export const DAY = 1440;
export const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

export const group = (name, description) => ({ id: id("grp"), name, description, created_at: ago(40 * DAY) });
export const design = group("Design", "Drawing programs and the machines with graphics cards.");
export const finance = group("Finance", "The ledger, and nothing that leaves the house.");
const interns = group("Interns", "");
export const groups = [design, finance, interns];

const person = (key, name, email, role, of = [], more = {}) => ({
  id: key,
  email,
  name,
  role,
  kind: "person",
  group_ids: of.map((each) => each.id),
  charged_group_id: of[0]?.id ?? null,
  disabled: false,
  created_at: ago(90 * DAY),
  last_sign_in_at: ago(200),
  ...more,
});
export const service = (name, role, of = []) =>
  person(id("usr"), name, "", role, of, { kind: "service", last_sign_in_at: null, created_at: ago(20 * DAY) });

export const users = [
  person("usr-1", "Dana Moore", "demo@example.com", "admin", [design], { last_sign_in_at: ago(3) }),
  person("usr-2", "Li Wei", "li.wei@example.com", "owner", []),
  person("usr-3", "Amara Okafor", "amara.okafor@example.com", "operator", [design, finance]),
  person(
    "usr-4",
    "Jonas Grünewald-Ó Súilleabháin",
    "jonas.gruenewald.osuilleabhain@a-rather-long-domain.example",
    "member",
    [design, finance, interns],
  ),
  person("usr-5", "Priya Raman", "priya@example.com", "member", [finance], { last_sign_in_at: null }),
  person("usr-6", "Tom Baker", "tom@example.com", "member", [interns], {
    disabled: true,
    last_sign_in_at: ago(30 * DAY),
  }),
  person("usr-7", "Ines Duarte", "ines@audit.example", "auditor", []),
  service("Build server", "member", [design]),
  service("Backup", "auditor"),
];

export const invitation = (email, role, state, more = {}) => ({
  id: id("inv"),
  email,
  name: "",
  role,
  group_ids: [],
  state,
  created_by: "usr-1",
  created_at: ago(DAY),
  expires_at: ago(-6 * DAY),
  ...more,
});
export const invitations = [
  invitation("mai.tran@example.com", "member", "pending", { name: "Mai Tran", group_ids: [design.id] }),
  invitation("contractor@partner.example", "operator", "expired", {
    created_at: ago(9 * DAY),
    expires_at: ago(2 * DAY),
  }),
  invitation("priya@example.com", "member", "accepted", { created_at: ago(80 * DAY) }),
];

export const key = (owner, name, scopes, more = {}) => ({
  id: id("key"),
  name,
  user_id: owner,
  hint: `ssk_…${name.slice(-4).toLowerCase().replaceAll(" ", "x")}`,
  scopes,
  created_at: ago(30 * DAY),
  expires_at: ago(-60 * DAY),
  last_used_at: ago(12),
  last_used_ip: "203.0.113.7",
  state: "active",
  replaced_by: null,
  ...more,
});
export const keys = [
  key("usr-1", "Laptop scripts", ["sessions:read", "sessions:write", "templates:read", "quotas:read"]),
  key("usr-1", "Dashboard", ["sessions:read"], { expires_at: ago(-3 * DAY), last_used_at: null, last_used_ip: null }),
  key("usr-1", "Old importer", ["sessions:read"], { state: "revoked" }),
  key("usr-3", "Night watch", ["sessions:read_all", "controllers:read"]),
  key(users[7].id, "Pipeline", ["sessions:read", "sessions:write", "templates:read"]),
];

export const DESCRIPTIONS = {
  "sessions:read": "See one's own sessions",
  "sessions:write": "Create, change and open one's own sessions",
  "sessions:read_all": "See everybody's sessions",
  "sessions:write_all": "Change, open and end everybody's sessions",
  "templates:read": "See the catalog",
  "templates:write": "Add, change and remove templates, whichever group they are for",
  "controllers:read": "See controllers",
  "controllers:write": "Add, change and remove controllers",
  "quotas:read": "See the organisation's and one's own limits and usage",
  "quotas:write": "Set limits; see everybody's usage",
  "events:read": "Follow changes as they happen",
  "account:write": "Change one's own password, sign-ins and API keys",
  "users:read": "See members and invitations",
  "users:write": "Invite, change and remove members",
  "owners:write": "Make and unmake owners",
  "groups:read": "See groups and who is in them",
  "groups:write": "Make, change and remove groups",
  "api_keys:read_all": "See everybody's API keys",
  "api_keys:write_all": "Make service accounts and their API keys; revoke anybody's",
  "audit:read": "Search the audit log",
  "audit:export": "Export the audit log",
  "tenant:read": "See the organisation's settings",
  "tenant:write": "Change the organisation's settings and branding",
  "tenant:export": "Export all of the organisation's data",
  "tenant:delete": "Delete the organisation and all of its data",
};
export const every = Object.keys(DESCRIPTIONS);
const except = (...names) => every.filter((name) => !names.includes(name));
const MEMBER = ["sessions:read", "sessions:write", "templates:read", "quotas:read", "events:read", "account:write"];
export const ROLES = {
  owner: ["Everything, and the only ones who make owners, export all data or delete the organisation", every],
  admin: [
    "Runs the organisation: members, groups, limits, settings, audit log, and what operators do",
    except("owners:write", "tenant:export", "tenant:delete"),
  ],
  operator: [
    "Runs the service: templates, controllers and everybody's sessions",
    [
      ...MEMBER,
      "sessions:read_all",
      "sessions:write_all",
      "templates:write",
      "controllers:read",
      "controllers:write",
      "users:read",
      "groups:read",
    ],
  ],
  member: ["Works with sessions of their own", MEMBER],
  auditor: [
    "Sees everything and changes nothing but their own account",
    [...every.filter((name) => /:read/.test(name)), "account:write", "audit:export"],
  ],
};
