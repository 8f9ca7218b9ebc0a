/** Everything of a signed-in tab that changes by itself: the event feed and the stores it keeps fresh. */
import { listControllers } from "@/api/controllers";
import { eventFeed, type FeedStatus } from "@/api/events";
import { listSessions } from "@/api/sessions";
import type { Controller, Session, StreamEvent } from "@/api/types";
import { EntityStore, timeStamp } from "./entityStore";

export class Live {
  readonly sessions = new EntityStore<Session>(listSessions, (session) => timeStamp(session.updated_at));
  readonly controllers = new EntityStore<Controller>(listControllers, () => null);
  private readonly newest = new Map<string, number>();
  private status: FeedStatus = "connecting";
  private readonly listeners = new Set<() => void>();
  private readonly feed = eventFeed({
    event: (event) => this.apply(event),
    status: (status) => {
      this.status = status;
      for (const listener of this.listeners) listener();
    },
    resync: () => this.resync(),
  });
  private readonly wanted = new Set<EntityStore<Session> | EntityStore<Controller>>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  readonly getStatus = (): FeedStatus => this.status;

  /** Starts listening; the answer stops it. */
  start(): () => void {
    const hurry = () => this.feed.hurry();
    this.feed.start();
    window.addEventListener("online", hurry);
    return () => {
      window.removeEventListener("online", hurry);
      this.feed.stop();
    };
  }

  /** Reads a list when a page first asks for it. */
  want(store: EntityStore<Session> | EntityStore<Controller>): void {
    if (this.wanted.has(store)) return;
    this.wanted.add(store);
    void store.load();
  }

  private resync(): void {
    for (const store of this.wanted) void store.load();
  }

  private apply(event: StreamEvent): void {
    const [subject, verb] = event.kind.split(".");
    const gone = verb === "removed";
    if (subject === "session") this.change(this.sessions, event, gone);
    else if (subject === "controller") this.change(this.controllers, event, gone);
  }

  private change<T extends { id: string }>(store: EntityStore<T>, event: StreamEvent, gone: boolean): void {
    // The document gives an event's data no type of its own: it is the view that GET answers.
    const item = event.data as unknown as T;
    // A repeated or late event must not undo a later one about the same row.
    if (event.id <= (this.newest.get(item.id) ?? 0)) return;
    this.newest.set(item.id, event.id);
    if (gone) store.remove(item.id);
    else store.put(item);
  }
}
