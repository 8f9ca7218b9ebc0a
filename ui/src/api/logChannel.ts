/** The WebSocket by which a session's log comes. Each message is all that is shown of it, not only what is new. */
export interface LogListener {
  lines: (lines: readonly string[]) => void;
  closed: (code: number, reason: string) => void;
}

/** Reads until what is returned is called; after that the listener hears nothing more. */
export function readLog(url: string, ticket: string, listener: LogListener): () => void {
  const socket = new WebSocket(url, ["streamspace.logs.v1", `ticket.${ticket}`]);
  socket.onmessage = (event: MessageEvent<unknown>) => {
    const lines = typeof event.data === "string" ? linesOf(event.data) : null;
    if (lines) listener.lines(lines);
  };
  socket.onclose = (event) => listener.closed(event.code, event.reason);
  return () => {
    socket.onmessage = socket.onclose = null;
    socket.close();
  };
}

function linesOf(text: string): string[] | null {
  try {
    const { lines } = JSON.parse(text) as { lines?: unknown };
    return Array.isArray(lines) ? lines.map(String) : null;
  } catch {
    return null;
  }
}
