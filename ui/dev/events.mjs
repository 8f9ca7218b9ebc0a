/** The event log and its subscribers. */
const log = [];
const sockets = new Set();

export function publish(kind, data) {
  const event = { id: log.length + 1, kind, at: new Date().toISOString(), data: structuredClone(data) };
  log.push(event);
  for (const socket of sockets) socket.send(JSON.stringify({ type: "event", ...event }));
}

export const since = (after) => ({ items: log.filter((event) => event.id > after).slice(0, 200), last: log.length });

export function subscribe(socket) {
  socket.on("message", (text) => {
    const message = JSON.parse(text);
    if (message.type === "authenticate") {
      socket.send(JSON.stringify({ type: "authenticated", last: log.length, complete: true }));
      for (const event of log.slice(message.after ?? log.length))
        socket.send(JSON.stringify({ type: "event", ...event }));
      sockets.add(socket);
    }
  });
  socket.on("close", () => sockets.delete(socket));
}

export function dropSubscribers() {
  for (const socket of sockets) socket.terminate();
}
