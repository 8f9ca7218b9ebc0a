/**
 * Which events have been seen. Events are numbered; the socket and a catch-up page may both deliver one,
 * so each number counts once, and `last` is where the next catch-up starts.
 */
const REMEMBERED = 1024;

export interface Numbered {
  id: number;
}

export class EventOrder {
  private high: number | null = null;
  private readonly recent = new Set<number>();

  /** The highest number seen, or null before the first `startAt`. */
  get last(): number | null {
    return this.high;
  }

  startAt(last: number): void {
    this.high = Math.max(this.high ?? last, last);
  }

  /** True the first time a number is seen. A late one still counts: only repeats are refused. */
  accept({ id }: Numbered): boolean {
    if (this.recent.has(id)) return false;
    this.recent.add(id);
    if (this.recent.size > REMEMBERED) {
      const [oldest] = this.recent;
      if (oldest !== undefined) this.recent.delete(oldest);
    }
    this.high = Math.max(this.high ?? id, id);
    return true;
  }
}
