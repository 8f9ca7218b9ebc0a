import { describe, expect, it } from "vitest";
import type { Agent, EnrollmentToken } from "@/api/types";
import { agentsOf, arrival, arrivedWords, commandOf, formFor, formProblems, requestOf, usesLeft } from "./enrolment";
import { PLATFORMS, platformOf } from "./platforms";

const docker = platformOf("docker");
const cluster = platformOf("kubernetes");
const token = {
  agents: 2,
  token: "sse_secret",
  commands: { docker: "install on docker", kubernetes: "install on kubernetes" },
  manifests_command: "install manifests",
} as unknown as EnrollmentToken;
const fine = { state: "ok" as const, reason: null };
const agent = (state: Agent["state"], platform: Agent["health"]["platform"] = fine) =>
  ({ controller_id: "ctl-1", state, health: { polling: fine, platform, streaming: fine } }) as unknown as Agent;

describe("the form of an enrolment", () => {
  it("begins with what is usual for the platform", () => {
    expect(formFor(docker, false)).toMatchObject({ agents: 1, capacity: null });
    expect(formFor(cluster, false, "lab")).toMatchObject({ agents: 2, name: "lab", capacity: { id: "nodes" } });
  });

  it("adds one agent to a controller that exists, and changes nothing else there", () => {
    for (const platform of PLATFORMS) {
      expect(formFor(platform, true)).toMatchObject({ agents: 1, capacity: null });
      expect(requestOf(formFor(platform, true), "ctl-1")).toEqual({ agents: 1, controller_id: "ctl-1" });
      expect(commandOf(formFor(platform, true), token)).toBe(platform.command(token));
    }
  });

  it("asks for a token for as many agents as are to come", () => {
    expect(requestOf(formFor(docker, false, "  "), null)).toEqual({ agents: 1 });
    expect(requestOf({ ...formFor(cluster, false, " lab "), agents: 3 }, null)).toEqual({ agents: 3, name: "lab" });
  });

  it("wants whole cores and GiB where an amount is fixed, and only there", () => {
    const fixed = { ...formFor(cluster, false), capacity: cluster.capacity.find((each) => each.fixed) ?? null };
    expect(Object.keys(formProblems(fixed))).toEqual(["cores", "gigabytes"]);
    expect(Object.keys(formProblems({ ...fixed, cores: "16", gigabytes: "1.5" }))).toEqual(["gigabytes"]);
    for (const cores of ["0", "-1", "1e3", "; rm", "16 --set x=y"]) {
      expect(formProblems({ ...fixed, cores, gigabytes: "64" }).cores).toBeDefined();
    }
    expect(formProblems({ ...fixed, cores: " 16 ", gigabytes: "64" })).toEqual({});
    expect(formProblems(formFor(cluster, false))).toEqual({});
  });

  it("puts the capacity into the command", () => {
    const [nodes, fixed, quota] = cluster.capacity;
    const form = { ...formFor(cluster, false), cores: " 16", gigabytes: "64" };
    expect(commandOf({ ...form, capacity: nodes ?? null }, token)).toBe(
      "install on kubernetes --set clusterAccess.nodes=true",
    );
    expect(commandOf({ ...form, capacity: fixed ?? null }, token)).toBe(
      "install on kubernetes --set-string capacity.cpu=16 --set-string capacity.memory=64Gi",
    );
    expect(commandOf({ ...form, capacity: quota ?? null }, token)).toBe("install on kubernetes");
    expect(commandOf(formFor(docker, false), token)).toBe("install on docker");
  });
});

describe("how far an enrolment is", () => {
  it("waits, counts who has enrolled and who is heard from, and is done when all are", () => {
    expect(arrival(token, [], 60)).toMatchObject({ enrolled: 0, active: 0, controllerId: null, done: false, over: false });
    expect(arrival(token, [agent("never_seen")], 60)).toMatchObject({ enrolled: 1, active: 0, controllerId: "ctl-1" });
    expect(arrival(token, [agent("active"), agent("never_seen")], 60)).toMatchObject({ active: 1, done: false });
    expect(arrival(token, [agent("active"), agent("active")], 60).done).toBe(true);
  });

  it("is over when the time is and somebody is missing", () => {
    expect(arrival(token, [agent("active")], 0)).toMatchObject({ over: true, done: false });
    expect(arrival(token, [agent("active"), agent("never_seen")], -5).over).toBe(false);
    expect(arrival(token, [agent("active"), agent("active")], -5)).toMatchObject({ over: false, done: true });
  });

  it("says once what agents that are here complain of", () => {
    const failing = { state: "failing" as const, reason: { code: "capacity_unknown", message: "Say how much." } };
    expect(arrival(token, [agent("active", failing), agent("active", failing)], 60).troubles).toEqual([
      "Platform: Say how much.",
    ]);
  });

  it("says in words who has come and who may", () => {
    expect([agentsOf(1, 1), agentsOf(1, 3)]).toEqual(["The agent", "1 of 3 agents"]);
    expect(arrivedWords({ expected: 1 }, "lab", false)).toBe("lab is online");
    expect(arrivedWords({ expected: 2 }, undefined, false)).toBe("The controller is online, served by 2 agents");
    expect(arrivedWords({ expected: 1 }, "lab", true)).toBe("Another agent serves lab");
    expect(arrivedWords({ expected: 2 }, "lab", true)).toBe("2 more agents serve lab");
    expect(usesLeft({ expected: 1, enrolled: 0 })).toBe("once");
    expect(usesLeft({ expected: 2, enrolled: 0 })).toBe("by 2 agents");
    expect(usesLeft({ expected: 2, enrolled: 1 })).toBe("by 1 more agent");
  });
});
