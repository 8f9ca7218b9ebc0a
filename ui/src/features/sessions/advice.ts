/** What a person can do about a reason. Codes come from placement, drivers, quotas and the command plane. */
export interface Advice {
  text: string;
  /** Where in the UI the remedy is, if it is in the UI. */
  link?: { text: string; href: string };
}

const CONTROLLERS = { text: "Open Controllers", href: "/controllers" };
const SESSIONS = { text: "Open My sessions", href: "/sessions" };

const ROOM: Advice = {
  text: "Hibernate or terminate a session that you do not need, or launch this one with less CPU or memory.",
  link: SESSIONS,
};
const OFFLINE: Advice = {
  text: "Start the agent of a controller, or add another controller. The session is placed as soon as one is online.",
  link: CONTROLLERS,
};
const BACKEND: Advice = {
  text: "Check that Docker (or the controller's platform) runs on the controller's machine, then wake the session.",
  link: CONTROLLERS,
};
const IMAGE: Advice = {
  text: "Check the image name of the template and that the controller can reach its registry, then wake the session.",
};

const ADVICE: Readonly<Record<string, Advice>> = {
  no_controller: OFFLINE,
  offline: OFFLINE,
  controller_lost: OFFLINE,
  draining: { text: "Let the controller accept sessions again (uncordon), or add another one.", link: CONTROLLERS },
  wrong_platform: { text: "Add a controller of a platform that the template supports.", link: CONTROLLERS },
  label_mismatch: { text: "Give a controller the labels that the template asks for.", link: CONTROLLERS },
  no_cpu: ROOM,
  no_memory: ROOM,
  no_gpu: { text: "Launch the session without a GPU, or add a controller that has one.", link: CONTROLLERS },
  session_limit: ROOM,
  no_capacity: ROOM,
  no_suitable_controller: { text: "See below what speaks against each controller.", link: CONTROLLERS },
  not_answering: OFFLINE,
  insufficient_memory: { text: "Launch the session again with more memory." },
  instance_exited: { text: "Wake the session to start it anew. If it ends again, its template needs attention." },
  handshake_timeout: {
    text: "Wake the session to try again. If that does not help, its template's image needs attention.",
  },
  quota_exceeded: { ...ROOM, text: `${ROOM.text} An administrator can raise the quota.` },
  image_not_allowed: { text: "Ask an administrator to allow this image for your tenant." },
  image_not_found: IMAGE,
  image_pull_failed: IMAGE,
  platform_unavailable: BACKEND,
  platform_error: BACKEND,
  network_failed: BACKEND,
  network_unprotected: {
    text: "Run the agent so that it may set firewall rules (as root), or use a template without network.",
    link: CONTROLLERS,
  },
  insufficient_cpu: { text: "Launch the session again with fewer cores." },
  insufficient_gpu: {
    text: "Launch it from a template without a GPU, or add a controller that has one.",
    link: CONTROLLERS,
  },
  home_gone: { text: "Launch a new session: the files of this one went with its controller." },
  controller_removed: { text: "Launch a new session.", link: { text: "Open the catalog", href: "/catalog" } },
  no_space: { text: "Free disk space on the controller's machine, then wake the session.", link: CONTROLLERS },
  deadline_exceeded: { text: "Wake the session to try again.", link: CONTROLLERS },
};

export function advice(code: string): Advice | null {
  return ADVICE[code] ?? null;
}
