/** What a quota counts, and how each of it is written, read and shown. */
import { byteCount, bytesProblem, cpuMillis, cpuProblem, showBytes, showCores } from "@/components/quantities";

export interface Resource {
  id: "sessions" | "cpu" | "memory" | "gpu" | "storage";
  label: string;
  /** As a number, from what the API or a person writes. */
  amount: (quantity: string | number) => number;
  show: (amount: number) => string;
  /** What is wrong with a typed quantity; null when nothing is. */
  problem: (text: string) => string | null;
  example: string;
  /** What a limit of zero means. */
  zero: string;
  /** What a reader might take it for, and it is not. */
  note?: string;
}

const MOST = 1_000_000;
const count = (quantity: string | number) => Number(quantity);
const countProblem = (text: string) =>
  /^\d+$/.test(text) && Number(text) <= MOST ? null : `Use a whole number of at most ${MOST.toLocaleString("en")}.`;

export const RESOURCES: readonly Resource[] = [
  {
    id: "sessions",
    label: "Sessions",
    amount: count,
    show: String,
    problem: countProblem,
    example: "5",
    zero: "No session can be launched.",
  },
  {
    id: "cpu",
    label: "CPU",
    amount: cpuMillis,
    show: showCores,
    problem: cpuProblem,
    example: "4 or 1500m",
    zero: "No session can be launched: each needs some CPU.",
  },
  {
    id: "memory",
    label: "Memory",
    amount: byteCount,
    show: showBytes,
    problem: bytesProblem,
    example: "16Gi or 512Mi",
    zero: "No session can be launched: each needs some memory.",
  },
  {
    id: "gpu",
    label: "GPUs",
    amount: count,
    show: String,
    problem: countProblem,
    example: "1",
    zero: "Only sessions without a GPU can be launched.",
  },
  {
    id: "storage",
    label: "Storage",
    amount: byteCount,
    show: showBytes,
    problem: bytesProblem,
    example: "100Gi",
    zero: "Only sessions without a persistent home can be launched.",
    note: "What homes are declared to need, while their sessions live. No disk enforces it.",
  },
];
