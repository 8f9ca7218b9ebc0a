import { beforeEach, describe, expect, it, vi } from "vitest";
import { EventFeed, type FeedSocket } from "./eventFeed";
import { Problem } from "./problem";
import type { EventTicket, StreamEvent } from "./types";

class FakeSocket implements FeedSocket {
  sent: unknown[] = [];
  closed = false;
  onopen: FeedSocket["onopen"] = null;
  onmessage: FeedSocket["onmessage"] = null;
  onclose: FeedSocket["onclose"] = null;
  send(data: string) {
    this.sent.push(JSON.parse(data));
  }
  close() {
    this.closed = true;
  }
  say(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const event = (id: number): StreamEvent => ({
  id,
  kind: "session.changed",
  at: "2026-01-01T00:00:00Z",
  data: { id: `s${id}` },
});

function setUp(
  ticket: () => Promise<EventTicket> = () => Promise.resolve({ url: "ws://x", ticket: "t", expires_at: "" }),
) {
  const sockets: FakeSocket[] = [];
  const timers: { work: () => void; ms: number }[] = [];
  const seen: number[] = [];
  const status: string[] = [];
  const resync = vi.fn();
  const feed = new EventFeed(
    {
      ticket,
      open: () => {
        const socket = new FakeSocket();
        sockets.push(socket);
        return socket;
      },
      later: (work, ms) => {
        const timer = { work, ms };
        timers.push(timer);
        return () => {
          const at = timers.indexOf(timer);
          if (at >= 0) timers.splice(at, 1);
        };
      },
    },
    { event: ({ id }) => seen.push(id), status: (now) => status.push(now), resync },
  );
  return { feed, sockets, timers, seen, status, resync };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("the event feed", () => {
  let world: ReturnType<typeof setUp>;
  const socket = (index: number) => {
    const found = world.sockets[index];
    if (!found) throw new Error(`no socket ${index}`);
    return found;
  };
  const greet = (index: number, last: number, complete = true) => {
    socket(index).onopen?.();
    socket(index).say({ type: "authenticated", last, complete });
  };
  const reconnect = async () => {
    socket(world.sockets.length - 1).onclose?.();
    world.timers.find(({ ms }) => ms < 20_000)?.work();
    await settle();
  };

  beforeEach(async () => {
    world = setUp();
    world.feed.start();
    await settle();
  });

  it("authenticates by the first message and reads everything once", () => {
    greet(0, 7);
    expect(socket(0).sent).toEqual([{ type: "authenticate", ticket: "t" }]);
    expect(world.resync).toHaveBeenCalledTimes(1);
    expect(world.status).toEqual(["connecting", "live"]);
  });

  it("goes on after the last number that it has, and counts repeats once", async () => {
    greet(0, 7);
    socket(0).say({ type: "event", ...event(8) });
    await reconnect();
    greet(1, 10);
    expect(socket(1).sent).toEqual([{ type: "authenticate", ticket: "t", after: 8 }]);
    for (const id of [8, 9, 10, 9]) socket(1).say({ type: "event", ...event(id) });
    expect(world.seen).toEqual([8, 9, 10]);
    expect(world.resync).toHaveBeenCalledTimes(1);
    expect(world.status).toEqual(["connecting", "live", "interrupted", "live"]);
  });

  it("reads everything anew when the server cannot send what was missed", async () => {
    greet(0, 7);
    await reconnect();
    greet(1, 900, false);
    expect(world.resync).toHaveBeenCalledTimes(2);
    await reconnect();
    expect(socket(2).sent).toEqual([]);
    socket(2).onopen?.();
    expect(socket(2).sent).toEqual([{ type: "authenticate", ticket: "t", after: 900 }]);
  });

  it("waits longer each time until it is live again", async () => {
    greet(0, 0);
    const waits: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      socket(world.sockets.length - 1).onclose?.();
      const timer = world.timers.find(({ ms }) => ms < 20_000);
      waits.push(timer?.ms ?? 0);
      timer?.work();
      await settle();
    }
    expect(waits[3]).toBeGreaterThan(waits[0] ?? 0);
    expect(waits.every((ms) => ms >= 250 && ms <= 10_000)).toBe(true);
  });

  it("gives up a connection that is never greeted", () => {
    socket(0).onopen?.();
    world.timers.find(({ ms }) => ms === 10_000)?.work();
    expect(socket(0).closed).toBe(true);
    expect(world.status).toEqual(["connecting", "interrupted"]);
  });

  it("hears nothing from a connection that it has left", () => {
    greet(0, 1);
    const left = socket(0);
    world.feed.stop();
    left.say({ type: "event", ...event(2) });
    expect(left.closed).toBe(true);
    expect(world.seen).toEqual([]);
    expect(world.timers).toEqual([]);
  });

  it("keeps a quiet connection open", () => {
    greet(0, 1);
    world.timers.find(({ ms }) => ms === 5 * 60_000)?.work();
    expect(socket(0).sent.at(-1)).toEqual({ type: "ping" });
  });
});

describe("the event feed without a sign-in", () => {
  it("stops instead of trying for ever", async () => {
    const world = setUp(() => Promise.reject(new Problem(401, "signed_out", "Please sign in.")));
    world.feed.start();
    await settle();
    expect(world.status).toEqual(["connecting", "stopped"]);
    expect(world.timers).toEqual([]);
  });
});
