/** What there is to say of each platform that agents drive. The only place where the UI knows platforms' words. */
import type { EnrollmentToken } from "@/api/types";

/** How the platform knows what sessions may use. `fixed` asks for cores and memory. */
export interface CapacityChoice {
  id: string;
  label: string;
  description: string;
  /** What it adds to the command, of cores and GiB. */
  argument: (cores: number, gigabytes: number) => string;
  fixed?: true;
}

/** Several agents by one command. */
interface Several {
  usual: number;
  most: number;
  why: string;
}

export interface Platform {
  /** As agents report it. */
  id: string;
  name: string;
  /** What one controller of it is. */
  place: string;
  summary: string;
  needs: readonly string[];
  /** What stands above the command. */
  run: string;
  command: (token: EnrollmentToken) => string;
  /** Another way, for those who lack what the first one takes. */
  otherwise: { title: string; text: string; command: (token: EnrollmentToken) => string } | null;
  /** Where to look when no agent comes. */
  trouble: { text: string; command: string; again: string } | null;
  nameHint: string;
  several: Several | null;
  capacity: readonly CapacityChoice[];
  /** What has to be true of another agent of a controller that exists. */
  joining: string;
}

const DOCKER: Platform = {
  id: "docker",
  name: "Docker",
  place: "Docker host",
  summary: "One Linux machine with Docker. Sessions run as containers on it.",
  needs: [
    "Linux with Docker, and a user who may use it.",
    "Root or sudo makes the agent a service and closes sessions off from the machine's networks.",
    "Outgoing connections to this address. Nothing listens, so nothing has to be opened in a firewall.",
  ],
  run: "Run this on the machine, as a user who may use Docker:",
  command: ({ commands }) => commands.docker,
  otherwise: null,
  trouble: {
    text: "The agent says on its machine what it waits for:",
    command: "journalctl -u streamspace-agent -n 50",
    again: "If the machine was enrolled before, add --takeover to the command.",
  },
  nameHint: "The machine's host name",
  several: null,
  capacity: [],
  joining: "It has to be on the same Docker as the others.",
};

const KUBERNETES: Platform = {
  id: "kubernetes",
  name: "Kubernetes",
  place: "Kubernetes cluster",
  summary: "One namespace of a cluster. Sessions run as pods on its nodes.",
  needs: [
    "Helm 3.14 or newer (or kubectl alone, see below the command), pointed at the cluster.",
    "The right to make a namespace, and in it workloads, Roles, Secrets and NetworkPolicies. The agents themselves " +
      "get rights in their namespace only.",
    "A storage class: the agents' state and sessions' homes are PersistentVolumeClaims (ReadWriteOnce). Without a " +
      "default one, add --set sessions.home.storageClass=… --set state.storageClass=…",
    "A network plugin that enforces NetworkPolicies: they keep sessions away from each other and from the cluster.",
    "Outgoing connections from the namespace to this address. No ingress, no load balancer, no open port.",
    "Where the cluster has a metrics server, --set clusterAccess.metrics=true shows what sessions use.",
  ],
  run: "Run this where Helm reaches the cluster:",
  command: ({ commands }) => commands.kubernetes,
  otherwise: {
    title: "Without Helm",
    text:
      "The same with kubectl alone, from plain manifests. What sessions may use is then read from the " +
      "namespace's ResourceQuota.",
    command: ({ manifests_command: command }) => command,
  },
  trouble: {
    text: "The agents say in the cluster what they wait for:",
    command: "kubectl -n streamspace logs -l app.kubernetes.io/name=streamspace-agent --prefix --tail=50",
    again: "If the namespace was enrolled before and its volumes are gone, add --set takeover=true to the command.",
  },
  nameHint: "The namespace and the cluster's address",
  several: {
    usual: 2,
    most: 10,
    why: "They share the work. With two, one may be restarted or its node drained at any moment.",
  },
  capacity: [
    {
      id: "nodes",
      label: "What the nodes have",
      description: "Less what other workloads request. The agents may then list nodes and pods of the whole cluster.",
      argument: () => " --set clusterAccess.nodes=true",
    },
    {
      id: "fixed",
      label: "A fixed amount",
      description: "Needs no rights beyond the namespace.",
      argument: (cores, gigabytes) =>
        ` --set-string capacity.cpu=${cores} --set-string capacity.memory=${gigabytes}Gi`,
      fixed: true,
    },
    {
      id: "quota",
      label: "What the namespace's quota says",
      description: "For a namespace that has a ResourceQuota with CPU and memory.",
      argument: () => "",
    },
  ],
  joining:
    "It is added to the installation in its namespace: if that is not called streamspace, say so in the command. " +
    "Revoke agents that will not come back first.",
};

export const PLATFORMS: readonly Platform[] = [DOCKER, KUBERNETES];
export const FIRST_PLATFORM = DOCKER;

const knownPlatform = (id: string): Platform | undefined => PLATFORMS.find((each) => each.id === id);

/** "Kubernetes cluster", or what the agent says where nothing is known of it. */
export const placeName = (id: string): string => knownPlatform(id)?.place ?? id;
export const platformName = (id: string): string => knownPlatform(id)?.name ?? id;

/** A platform whose agents this UI cannot install: they are given the token as it is. */
const other = (id: string): Platform => ({
  id,
  name: id,
  place: id,
  summary: "",
  needs: [],
  run: "Enrol the agent with this token:",
  command: ({ token }) => token,
  otherwise: null,
  trouble: null,
  nameHint: "",
  several: null,
  capacity: [],
  joining: "It has to drive the same backend as the others.",
});

export const platformOf = (id: string): Platform => knownPlatform(id) ?? other(id);
