/** What the pretend control plane knows. */
import { CLUSTER } from "./platforms.mjs";

const minutes = (count) => new Date(Date.now() - count * 60_000).toISOString();
let serial = 0;
export const id = (kind) => `${kind}-01kdev${String((serial += 1)).padStart(20, "0")}`;

const template = (name, icon, category, description, cpu, memory, more = {}) => ({
  id: id("tpl"),
  version: 1,
  name,
  description,
  icon,
  category,
  image: `streamspace/${icon}:dev`,
  protocol: "vnc",
  port: null,
  command: null,
  env: {},
  resources: { cpu, memory, gpu: 0, shm: "64Mi" },
  network: "none",
  display: { width: 1280, height: 800, frame_rate: 120 },
  read_only_root: true,
  clipboard_in: true,
  clipboard_out: true,
  persistent_home: true,
  platforms: [],
  controller_labels: {},
  enabled: true,
  group_ids: [],
  created_at: minutes(9000),
  updated_at: minutes(9000),
  ...more,
});

const templates = [
  template(
    "Terminal",
    "terminal",
    "Tools",
    "A shell in a light window. The smallest way to get something done.",
    "500m",
    "256Mi",
  ),
  template(
    "Desktop",
    "desktop",
    "Desktops",
    "A desktop with a file manager, an editor and a terminal.",
    "1000m",
    "1Gi",
  ),
  template(
    "Firefox",
    "firefox",
    "Browsers",
    "Firefox ESR in a container of its own, with internet access and nothing of yours in it.",
    "2000m",
    "2Gi",
    { network: "internet" },
  ),
  template("Broken image", "document", "Tools", "Fails on purpose: its image does not exist.", "500m", "256Mi"),
  template("Render farm", "image", "Desktops", "Asks for more than any controller has.", "64000m", "512Gi"),
];

const controller = (name, state, more = {}) => ({
  id: id("ctl"),
  name,
  platform: "docker",
  state,
  state_until: null,
  cordoned: false,
  drain: null,
  paused: null,
  usage: { cpu: "2900m", memory: "4Gi", gpu: 0, instances: 3, disk_free: "212Gi" },
  load: null,
  labels: { site: "berlin", tier: "standard" },
  capacity: { cpu: "8000m", memory: "32Gi", gpu: 0 },
  booked: { cpu: "0m", memory: "0", gpu: 0, sessions: 0 },
  session_limit: null,
  group_ids: [],
  health: {
    polling: { state: "ok", reason: null },
    platform: { state: "ok", reason: null },
    streaming: { state: "ok", reason: null },
  },
  agent_version: "0.1.0",
  last_seen_at: minutes(0),
  created_at: minutes(9000),
  ...more,
});

const failing = (code, message) => ({ state: "failing", reason: { code, message } });
const controllers = [
  controller("workshop", "online", { booked: { cpu: "3500m", memory: "5Gi", gpu: 0, sessions: 3 } }),
  controller("attic", "degraded", {
    labels: {},
    cordoned: true,
    booked: { cpu: "7800m", memory: "26Gi", gpu: 0, sessions: 9 },
    last_seen_at: minutes(3),
    health: {
      polling: { state: "ok", reason: null },
      platform: failing(
        "docker_unavailable",
        "Docker does not answer on /var/run/docker.sock. Start it with: systemctl start docker",
      ),
      streaming: { state: "ok", reason: null },
    },
  }),
  controller("cellar", "never_seen", {
    capacity: null,
    usage: null,
    health: {
      polling: { state: "unknown", reason: null },
      platform: { state: "unknown", reason: null },
      streaming: { state: "unknown", reason: null },
    },
    agent_version: null,
    last_seen_at: null,
    labels: {},
  }),
  controller("harbour", "online", {
    platform: CLUSTER,
    capacity: { cpu: "64000m", memory: "256Gi", gpu: 2 },
    booked: { cpu: "21500m", memory: "88Gi", gpu: 1, sessions: 14 },
    usage: { cpu: "21500m", memory: "88Gi", gpu: 1, instances: 14, disk_free: "0" },
    load: { cpu: "6340m", memory: "41Gi" },
    labels: { region: "eu-north" },
  }),
];

export const session = (of, name, state, more = {}) => ({
  id: id("ses"),
  name,
  state,
  stage: null,
  progress: null,
  desired_state: "running",
  generation: 1,
  incarnation: 1,
  reason: null,
  template_id: of.id,
  template_name: of.name,
  template_icon: of.icon,
  controller_id: controllers[0].id,
  user_id: "usr-1",
  resources: of.resources,
  labels: {},
  created_at: minutes(0),
  updated_at: new Date().toISOString(),
  started_at: null,
  last_activity_at: null,
  viewers: 0,
  ...more,
});

const sessions = [
  session(templates[1], "Desktop for the quarterly report", "running", {
    created_at: minutes(125),
    started_at: minutes(125),
    last_activity_at: minutes(1),
    viewers: 1,
  }),
  session(templates[0], "Terminal", "running", {
    created_at: minutes(30),
    started_at: minutes(30),
    last_activity_at: minutes(12),
  }),
  session(templates[2], "Research", "hibernated", {
    created_at: minutes(3000),
    desired_state: "hibernated",
    last_activity_at: minutes(1500),
  }),
  session(templates[1], "Thesis", "waking", {
    created_at: minutes(5000),
    stage: "queued",
    controller_id: controllers[1].id,
    reason: {
      code: "controller_paused",
      message: "The controller attic is paused until 2026-11-22 23:30 UTC (New disks); this waits for it.",
    },
  }),
  session(templates[1], "Sketches", "hibernated", {
    created_at: minutes(4000),
    desired_state: "hibernated",
    controller_id: controllers[1].id,
    last_activity_at: minutes(70),
    reason: {
      code: "controller_draining",
      message: "The controller attic is being drained (The machine is replaced in December).",
    },
  }),
  session(templates[4], "Render farm", "pending", {
    created_at: minutes(2),
    stage: "queued",
    controller_id: null,
    reason: {
      code: "no_capacity",
      message: "No controller can take this session. workshop: Not enough CPU: 64000m asked, 4500m free.",
    },
  }),
  session(templates[3], "Broken image", "failed", {
    created_at: minutes(8),
    stage: "pulling",
    reason: {
      code: "image_not_found",
      message: "The image streamspace/no-such-image:dev does not exist on the Docker host, and no registry has it.",
    },
  }),
  session(templates[0], "Somebody else's terminal", "running", {
    user_id: "usr-2",
    created_at: minutes(300),
    started_at: minutes(300),
    last_activity_at: minutes(5),
  }),
];

export const world = { templates, controllers, sessions, timelines: new Map(), offline: false, signedIn: false };

for (const each of sessions) {
  const at = (offset) => new Date(Date.parse(each.created_at) + offset * 1000).toISOString();
  const entry = (offset, from, to, actor, cause, reason = null) => ({
    at: at(offset),
    from,
    to,
    actor,
    cause,
    reason,
    generation: 1,
  });
  const story = [entry(0, null, "pending", "demo@example.com", "created")];
  if (each.state !== "pending") story.push(entry(0.2, "pending", "starting", "control plane", "placed"));
  if (each.state === "running" || each.state === "hibernated")
    story.push(entry(1.1, "starting", "running", "agent", "reported"));
  if (each.state === "hibernated")
    story.push(
      entry(900, "running", "hibernating", "demo@example.com", "hibernate"),
      entry(901, "hibernating", "hibernated", "agent", "reported"),
    );
  if (each.state === "failed") story.push(entry(3, "starting", "failed", "agent", "reported", each.reason));
  world.timelines.set(each.id, story);
}
