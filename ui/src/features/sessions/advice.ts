/** What a person can do about a reason. Codes come from placement, drivers, quotas and the command plane. */
import type { SessionState } from "@/api/types";

export interface Advice {
  text: string;
  /** Where in the UI the remedy is, if it is in the UI. */
  link?: { text: string; href: string };
}

const CONTROLLERS = { text: "Open Controllers", href: "/controllers" };
const SESSIONS = { text: "Open My sessions", href: "/sessions" };

/** The cause is elsewhere. What is pending starts by itself once it is gone; what failed has to be woken. */
interface Remedy extends Advice {
  thenStarts?: true;
}

const ROOM: Advice = {
  text: "Hibernate or terminate a session that you do not need, or launch this one with less CPU or memory.",
  link: SESSIONS,
};
const OFFLINE: Advice = {
  text: "Start the agent of a controller, or add another controller. The session is placed as soon as one is online.",
  link: CONTROLLERS,
};
const BACKEND: Remedy = {
  text: "Check that the controller's platform runs and answers its agents.",
  link: CONTROLLERS,
  thenStarts: true,
};
const IMAGE: Remedy = {
  text: "Check the image name of the template and that the controller can reach its registry.",
  thenStarts: true,
};
const ELSEWHERE: Advice = {
  text: "Wake the session: it starts anew where there is room. Its home folder is kept, if it has one.",
};
const TAKEN: Remedy = {
  text: "Ask an administrator to remove what has the name of this session's objects and is not StreamSpace's.",
  thenStarts: true,
};
const PAUSED: Advice = {
  text: "Nothing: it goes on by itself when the pause ends. An administrator can end the pause earlier.",
  link: CONTROLLERS,
};
const DRAINING: Advice = {
  text: "Stop the controller's drain, or uncordon it, or add another controller.",
  link: CONTROLLERS,
};

const ADVICE: Readonly<Record<string, Remedy>> = {
  no_controller: OFFLINE,
  offline: OFFLINE,
  controller_lost: OFFLINE,
  draining: DRAINING,
  controller_draining: DRAINING,
  paused: PAUSED,
  controller_paused: PAUSED,
  wrong_platform: { text: "Add a controller of a platform that the template supports.", link: CONTROLLERS },
  label_mismatch: { text: "Give a controller the labels that the template asks for.", link: CONTROLLERS },
  no_cpu: ROOM,
  no_memory: ROOM,
  no_gpu: { text: "Launch the session without a GPU, or add a controller that has one.", link: CONTROLLERS },
  session_limit: ROOM,
  no_capacity: ROOM,
  no_suitable_controller: { text: "See below what speaks against each controller.", link: CONTROLLERS },
  not_answering: OFFLINE,
  insufficient_memory: {
    text: "Launch the session again: with more memory if it ran out of it, with less if its controller has too little.",
  },
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
  no_space: { text: "Free disk space where the controller runs its sessions.", link: CONTROLLERS, thenStarts: true },
  deadline_exceeded: { text: "Wake the session to try again.", link: CONTROLLERS },
  unschedulable: {
    text: "Wake the session to try again, or launch it from a template that asks for less.",
    link: CONTROLLERS,
  },
  evicted: ELSEWHERE,
  node_lost: ELSEWHERE,
  home_pending: {
    text: "Ask an administrator to see that the controller's storage gives volumes.",
    link: CONTROLLERS,
    thenStarts: true,
  },
  policy_refused: {
    text: "Ask an administrator to allow what the reason names, where the controller runs its sessions.",
    link: CONTROLLERS,
    thenStarts: true,
  },
  platform_unauthorized: {
    text: "Ask an administrator to give the controller's agents the right that the reason names.",
    link: CONTROLLERS,
    thenStarts: true,
  },
  name_taken: TAKEN,
  home_taken: TAKEN,
};

/** Moved away from a controller that is to be emptied: it rests, and its people decide when it goes on. */
const MOVED: Advice = {
  text:
    "Wake the session: without a home folder it starts on another controller. One with a home folder can be woken " +
    "once its controller takes sessions again, since its files are there.",
};

/** Null where nothing has to be done, or nobody knows what. */
export function advice(code: string, state: SessionState): Advice | null {
  if (code === "controller_draining" && (state === "hibernating" || state === "hibernated")) return MOVED;
  if (code === "controller_paused" && state !== "failed") return PAUSED;
  if (state !== "failed" && state !== "pending") return null;
  const remedy = ADVICE[code];
  if (!remedy?.thenStarts) return remedy ?? null;
  const then = state === "pending" ? "The session then starts by itself." : "Then wake the session.";
  return { ...remedy, text: `${remedy.text} ${then}` };
}
