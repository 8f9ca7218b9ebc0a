/** Adding agents: what is asked for, the command that comes of it, and how far it is. Pure. */
import type { Agent, EnrollmentRequest, EnrollmentToken } from "@/api/types";
import { complaints } from "./agents";
import type { CapacityChoice, Platform } from "./platforms";

export interface EnrolmentForm {
  platform: Platform;
  name: string;
  agents: number;
  capacity: CapacityChoice | null;
  cores: string;
  gigabytes: string;
}

/** A form with what is usual for a platform. What joins others is one agent, and changes no capacity. */
export function formFor(platform: Platform, joins: boolean, name = ""): EnrolmentForm {
  return {
    platform,
    name,
    agents: joins ? 1 : (platform.several?.usual ?? 1),
    capacity: joins ? null : (platform.capacity[0] ?? null),
    cores: "",
    gigabytes: "",
  };
}

export type FormProblems = Partial<Record<"cores" | "gigabytes", string>>;

export function formProblems({ capacity, cores, gigabytes }: EnrolmentForm): FormProblems {
  if (!capacity?.fixed) return {};
  return {
    ...(!isAmount(cores) && { cores: "Say how many cores, in whole numbers." }),
    ...(!isAmount(gigabytes) && { gigabytes: "Say how many GiB, in whole numbers." }),
  };
}

const isAmount = (text: string): boolean => /^[1-9]\d{0,6}$/.test(text.trim());

export function requestOf({ name, agents }: EnrolmentForm, controllerId: string | null): EnrollmentRequest {
  const label = name.trim();
  return {
    agents,
    ...(controllerId !== null ? { controller_id: controllerId } : label !== "" && { name: label }),
  };
}

export function commandOf({ platform, capacity, cores, gigabytes }: EnrolmentForm, token: EnrollmentToken): string {
  return platform.command(token) + (capacity?.argument(Number(cores), Number(gigabytes)) ?? "");
}

export interface Arrival {
  /** How many are to come, have enrolled, and are heard from. */
  expected: number;
  enrolled: number;
  active: number;
  controllerId: string | null;
  /** All of them have come. */
  done: boolean;
  /** They have not, and the command cannot be used any more. */
  over: boolean;
  /** What those that are here cannot do yet. */
  troubles: readonly string[];
}

/** How far an enrolment is. `left`: seconds until the token expires. */
export function arrival(token: Pick<EnrollmentToken, "agents">, agents: readonly Agent[], left: number): Arrival {
  const enrolled = agents.length;
  const active = agents.filter(({ state }) => state === "active").length;
  return {
    expected: token.agents,
    enrolled,
    active,
    controllerId: agents[0]?.controller_id ?? null,
    done: active >= token.agents,
    over: left <= 0 && enrolled < token.agents,
    troubles: [...new Set(agents.flatMap(complaints))],
  };
}

/** That all have come, to a controller that they join or make. */
export function arrivedWords({ expected }: Pick<Arrival, "expected">, name: string | undefined, joins: boolean): string {
  if (!joins) return `${name ?? "The controller"} is online${expected > 1 ? `, served by ${expected} agents` : ""}`;
  return expected === 1 ? `Another agent serves ${name ?? "it"}` : `${expected} more agents serve ${name ?? "it"}`;
}

/** Who may still use the command. */
export function usesLeft({ expected, enrolled }: Pick<Arrival, "expected" | "enrolled">): string {
  if (expected === 1) return "once";
  const left = expected - enrolled;
  return `by ${left} ${enrolled > 0 ? "more " : ""}${left === 1 ? "agent" : "agents"}`;
}

/** "The agent" or "1 of 2 agents": with a verb behind it, a sentence. */
export const agentsOf = (count: number, of: number): string => (of === 1 ? "The agent" : `${count} of ${of} agents`);
