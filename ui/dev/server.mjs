/**
 * A pretend StreamSpace for working on the UI alone: serves dist/ with the real content security policy, and
 * answers the API from memory. Development only; nothing in the product uses it.
 *
 *   npm run build && npm run dev     then open http://127.0.0.1:8099 (any password but "wrong")
 */
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { route } from "./api.mjs";
import { subscribe } from "./events.mjs";
import { serveLog } from "./log.mjs";
import { serveRfb } from "./rfb.mjs";
import { world } from "./world.mjs";

const PORT = Number(process.env.PORT ?? 8099);
const DIST = process.env.DIST ?? fileURLToPath(new URL("../dist", import.meta.url));
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".woff": "font/woff",
};
export const CSP = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  `connect-src 'self' ws://127.0.0.1:${PORT} ws://localhost:${PORT}`,
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "object-src 'none'",
].join("; ");

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://127.0.0.1");
  if (url.pathname.startsWith("/v1/") || url.pathname.startsWith("/dev/")) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const answer = await route(request, url, text ? JSON.parse(text) : {});
    response.writeHead(answer.status, {
      "Content-Type": answer.status >= 400 ? "application/problem+json" : "application/json",
      ...answer.headers,
    });
    response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
    return;
  }
  await file(url.pathname, response);
});

async function file(path, response) {
  const wanted = extname(path) ? normalize(path) : "/index.html";
  try {
    const body = await readFile(join(DIST, wanted));
    response.writeHead(200, {
      "Content-Type": TYPES[extname(wanted)] ?? "application/octet-stream",
      "Content-Security-Policy": CSP,
    });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}

const sockets = new WebSocketServer({
  noServer: true,
  handleProtocols: (offered) => (offered.has("streamspace.v1") ? "streamspace.v1" : false),
});
server.on("upgrade", (request, socket, head) => {
  if (world.offline) {
    socket.destroy();
    return;
  }
  sockets.handleUpgrade(request, socket, head, (ws) => {
    if (request.url.startsWith("/events")) subscribe(ws);
    else if (request.url.endsWith("/logs")) serveLog(ws);
    else serveRfb(ws, request);
  });
});
// Longer than any pause of the screenshots: a connection that closes as it is used again looks like an outage.
server.keepAliveTimeout = 120_000;
server.listen(PORT, "127.0.0.1", () => console.log(`http://127.0.0.1:${PORT}`));
