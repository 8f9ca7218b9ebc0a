import { client, unwrap } from "./client";
import { EventFeed, type FeedHandlers, type FeedSocket } from "./eventFeed";

export type { FeedStatus } from "./eventFeed";

/** The feed on the browser's own WebSocket and timers. */
export function eventFeed(handlers: FeedHandlers): EventFeed {
  return new EventFeed(
    {
      ticket: () => unwrap(client.POST("/v1/events/ticket")),
      open: (url) => new WebSocket(url) as FeedSocket,
      later: (work, ms) => {
        const timer = setTimeout(work, ms);
        return () => clearTimeout(timer);
      },
    },
    handlers,
  );
}
