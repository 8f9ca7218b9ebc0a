/**
 * The rows of one kind as this tab knows them: lists read over HTTP, kept fresh by events and by the answers
 * to our own calls. Whatever comes in out of order never overwrites something newer.
 */
import { asProblem, type Problem } from "@/api/problem";

export interface Snapshot<T> {
  items: ReadonlyMap<string, T>;
  status: "idle" | "loading" | "ready" | "failed";
  problem: Problem | null;
}

/** A number that grows when the row changes, or null when the row does not tell. */
export type Stamp<T> = (item: T) => number | null;

export class EntityStore<T extends { id: string }> {
  private snapshot: Snapshot<T> = { items: new Map(), status: "idle", problem: null };
  private readonly listeners = new Set<() => void>();
  private readonly touched = new Map<string, number>();
  private clock = 0;
  private loads = 0;

  constructor(
    private readonly read: () => Promise<T[]>,
    private readonly stamp: Stamp<T>,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  readonly get = (): Snapshot<T> => this.snapshot;

  /** Reads the list anew. Rows that an event touched while it was under way keep what the event said. */
  async load(): Promise<void> {
    const load = ++this.loads;
    const began = this.clock;
    if (this.snapshot.status !== "ready") this.publish({ status: "loading", problem: null });
    try {
      const items = await this.read();
      if (load === this.loads) this.replace(items, began);
    } catch (error) {
      if (load !== this.loads) return;
      // What is on the screen stays there: an old list with a notice beats an error page.
      if (this.snapshot.status === "ready") this.publish({ problem: asProblem(error) });
      else this.publish({ status: "failed", problem: asProblem(error) });
    }
  }

  put(item: T): void {
    const known = this.snapshot.items.get(item.id);
    if (known && this.older(item, known)) return;
    this.touch(item.id);
    this.publish({ items: new Map(this.snapshot.items).set(item.id, item) });
  }

  remove(id: string): void {
    this.touch(id);
    const items = new Map(this.snapshot.items);
    if (items.delete(id)) this.publish({ items });
  }

  private replace(read: T[], began: number): void {
    const items = new Map<string, T>();
    const changedSince = (id: string) => (this.touched.get(id) ?? -1) >= began;
    for (const item of read) {
      const known = this.snapshot.items.get(item.id);
      if (changedSince(item.id) && !known) continue;
      items.set(item.id, known && (changedSince(item.id) || this.older(item, known)) ? known : item);
    }
    for (const [id, item] of this.snapshot.items) {
      if (!items.has(id) && changedSince(id)) items.set(id, item);
    }
    this.publish({ items, status: "ready", problem: null });
  }

  private older(candidate: T, known: T): boolean {
    const [a, b] = [this.stamp(candidate), this.stamp(known)];
    return a !== null && b !== null && a < b;
  }

  private touch(id: string): void {
    this.touched.set(id, this.clock);
    this.clock += 1;
  }

  private publish(change: Partial<Snapshot<T>>): void {
    this.snapshot = { ...this.snapshot, ...change };
    for (const listener of this.listeners) listener();
  }
}

/** Milliseconds of an RFC 3339 time, or null. */
export function timeStamp(time: string | null | undefined): number | null {
  const parsed = time ? Date.parse(time) : Number.NaN;
  return Number.isNaN(parsed) ? null : parsed;
}
