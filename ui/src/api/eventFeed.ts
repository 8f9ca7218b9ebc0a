/**
 * State changes as they happen: one WebSocket, authenticated by a ticket in its first message. After a drop
 * it comes back by itself and says the last number that it has; the server sends what was missed, or says
 * that it cannot (`complete: false`), and then everything is read anew.
 */
import { backoff } from "./backoff";
import { EventOrder } from "./eventOrder";
import { Problem } from "./problem";
import type { EventTicket, StreamEvent } from "./types";

export type FeedStatus = "connecting" | "live" | "interrupted" | "stopped";

export interface FeedSocket {
  send(data: string): void;
  close(code?: number): void;
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
}

export interface FeedDependencies {
  ticket: () => Promise<EventTicket>;
  open: (url: string) => FeedSocket;
  /** Runs `work` after `ms`; the answer cancels it. */
  later: (work: () => void, ms: number) => () => void;
}

export interface FeedHandlers {
  event: (event: StreamEvent) => void;
  status: (status: FeedStatus) => void;
  /** The numbers do not reach back far enough, or this is the beginning: read everything anew. */
  resync: () => void;
}

/** API Gateway ends a WebSocket after two hours, and an idle one after ten minutes. */
const RENEW_MS = 110 * 60_000;
const KEEP_ALIVE_MS = 5 * 60_000;
const HANDSHAKE_MS = 10_000;

type Message =
  | { type: "authenticated"; last: number; complete: boolean }
  | ({ type: "event" } & StreamEvent)
  | { type: "pong" | "refused" };

export class EventFeed {
  private readonly order = new EventOrder();
  private socket: FeedSocket | null = null;
  private greeted = false;
  private attempt = 0;
  private round = 0;
  private cancels: (() => void)[] = [];

  constructor(
    private readonly dependencies: FeedDependencies,
    private readonly handlers: FeedHandlers,
  ) {}

  start(): void {
    this.handlers.status("connecting");
    void this.connect();
  }

  stop(): void {
    this.drop();
    this.handlers.status("stopped");
  }

  /** Comes back at once instead of waiting for the back-off (the network is there again). */
  hurry(): void {
    if (this.socket !== null && this.attempt === 0) return;
    this.drop();
    void this.connect();
  }

  private drop(): void {
    this.round += 1;
    for (const cancel of this.cancels) cancel();
    this.cancels = [];
    const socket = this.socket;
    this.socket = null;
    this.greeted = false;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close(1000);
    }
  }

  private async connect(): Promise<void> {
    const round = ++this.round;
    try {
      const { url, ticket } = await this.dependencies.ticket();
      if (round !== this.round) return;
      this.listen(this.dependencies.open(url), ticket, round);
    } catch (error) {
      if (round !== this.round) return;
      if (error instanceof Problem && error.status === 401) this.stop();
      else this.retry();
    }
  }

  private listen(socket: FeedSocket, ticket: string, round: number): void {
    this.socket = socket;
    this.greeted = false;
    const after = this.order.last;
    socket.onopen = () =>
      socket.send(JSON.stringify({ type: "authenticate", ticket, ...(after === null ? {} : { after }) }));
    socket.onmessage = ({ data }) => {
      if (round === this.round) this.receive(parse(data));
    };
    socket.onclose = () => {
      if (round === this.round) this.retry();
    };
    this.after(() => !this.greeted && this.retry(), HANDSHAKE_MS);
  }

  private receive(message: Message | null): void {
    if (message?.type === "event") {
      if (this.order.accept(message)) this.handlers.event(message);
    } else if (message?.type === "authenticated") {
      this.greet(message);
    }
  }

  private greet({ last, complete }: { last: number; complete: boolean }): void {
    const first = this.order.last === null;
    if (first || !complete) {
      // Numbers up to `last` are in what is read now; without that mark the next drop would ask for them.
      this.order.startAt(last);
      this.handlers.resync();
    }
    this.greeted = true;
    this.attempt = 0;
    this.handlers.status("live");
    this.keepAlive();
  }

  private keepAlive(): void {
    const beat = () => {
      this.socket?.send(JSON.stringify({ type: "ping" }));
      this.after(beat, KEEP_ALIVE_MS);
    };
    this.after(beat, KEEP_ALIVE_MS);
    this.after(() => {
      this.drop();
      void this.connect();
    }, RENEW_MS);
  }

  private retry(): void {
    this.drop();
    this.handlers.status("interrupted");
    const wait = backoff(this.attempt, { base: 500, cap: 10_000 });
    this.attempt += 1;
    this.after(() => void this.connect(), wait);
  }

  private after(work: () => void, ms: number): void {
    this.cancels.push(this.dependencies.later(work, ms));
  }
}

function parse(data: unknown): Message | null {
  if (typeof data !== "string") return null;
  try {
    return JSON.parse(data) as Message;
  } catch {
    return null;
  }
}
