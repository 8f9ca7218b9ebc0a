import { client, unwrap } from "./client";
import { everyPage } from "./pages";
import type { ConnectAnswer, LogAccess, Placement, Session, SessionCreate, TimelineEntry } from "./types";

const at = (session_id: string) => ({ params: { path: { session_id } } });

export const listSessions = (): Promise<Session[]> =>
  everyPage((cursor) => unwrap(client.GET("/v1/sessions", { params: { query: { limit: 100, cursor } } })));

export const getSession = (id: string): Promise<Session> => unwrap(client.GET("/v1/sessions/{session_id}", at(id)));

/** `key` makes a repeated launch (a double click, a retry after a lost answer) the same session. */
export const createSession = (body: SessionCreate, key: string): Promise<Session> =>
  unwrap(client.POST("/v1/sessions", { body, params: { header: { "Idempotency-Key": key } } }));

export const renameSession = (id: string, name: string): Promise<Session> =>
  unwrap(client.PATCH("/v1/sessions/{session_id}", { ...at(id), body: { name } }));

export const terminateSession = (id: string, deleteHome: boolean): Promise<Session> =>
  unwrap(
    client.DELETE("/v1/sessions/{session_id}", {
      params: { path: { session_id: id }, query: { delete_home: deleteHome } },
    }),
  );

export const hibernateSession = (id: string): Promise<Session> =>
  unwrap(client.POST("/v1/sessions/{session_id}/hibernate", at(id)));

export const wakeSession = (id: string): Promise<Session> =>
  unwrap(client.POST("/v1/sessions/{session_id}/wake", at(id)));

export const connectSession = (id: string, control = true): Promise<ConnectAnswer> =>
  unwrap(client.POST("/v1/sessions/{session_id}/connect", { ...at(id), body: { permissions: { control } } }));

export const getLogAccess = (id: string): Promise<LogAccess> =>
  unwrap(client.POST("/v1/sessions/{session_id}/logs", at(id)));

export const getTimeline = (id: string): Promise<TimelineEntry[]> =>
  everyPage((cursor) =>
    unwrap(
      client.GET("/v1/sessions/{session_id}/timeline", {
        params: { path: { session_id: id }, query: { limit: 100, cursor } },
      }),
    ),
  );

export const getPlacement = (id: string): Promise<Placement> =>
  unwrap(client.GET("/v1/sessions/{session_id}/placement", at(id)));
