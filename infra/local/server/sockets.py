"""API Gateway's part for WebSockets: connections become $connect, message and $disconnect events for the
app's handlers, and `/@connections/{id}` lets the app send to them, look at them and end them.
"""

import asyncio
import contextlib
import json
import logging
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from infra.local.server.gateway import THREADS, context, gateway_headers, request_context
from infra.local.server.http import Answer, Receive, Request, Scope, Send, describe, read_body, respond

MAX_MESSAGE = 128 * 1024
"""As API Gateway's."""
MAX_SECONDS = 2 * 3600
"""As API Gateway's: a connection is ended after two hours, whatever it does."""
_QUEUED = 256
_SLOW, _OVER = 1013, 1001
_log = logging.getLogger("events")


@dataclass
class _Connection:
    """One open socket. What is to be sent waits in `outgoing`; None ends it."""

    id: str
    request: Request
    connected_at: float
    outgoing: "asyncio.Queue[str | None]" = field(default_factory=lambda: asyncio.Queue(_QUEUED))
    abandoned: asyncio.Event = field(default_factory=asyncio.Event)
    close_code: int = 1000


class Sockets:
    """All event WebSockets of this process. `handlers`: route key -> the function's Lambda entry point."""

    def __init__(self, handlers: dict[str, Any], public_scheme: str) -> None:
        self._handlers = handlers
        self._scheme = public_scheme
        self._open: dict[str, _Connection] = {}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="events")

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection from handshake to end."""
        await receive()  # websocket.connect
        connection = _Connection(secrets.token_urlsafe(12), describe(scope), time.time())
        self._open[connection.id] = connection
        try:
            if not await self._connect(connection):
                await send({"type": "websocket.close", "code": 1008})
                return
            await send({"type": "websocket.accept"})
            await self._converse(connection, receive, send)
        finally:
            self._open.pop(connection.id, None)
        await self._call("$disconnect", connection, "DISCONNECT")

    async def manage(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application of the inner port: `/@connections/{id}` and nothing else."""
        if scope["type"] != "http":
            return
        path = unquote(describe(scope).path)
        body = await read_body(receive)
        await respond(send, self._manage(scope["method"], path.removeprefix("/@connections/"), body))

    def _manage(self, method: str, connection_id: str, body: bytes) -> Answer:
        connection = self._open.get(connection_id)
        if connection is None:
            return _error(410, "GoneException")
        if method == "POST":
            if len(body) > MAX_MESSAGE:
                return _error(413, "PayloadTooLargeException")
            self._enqueue(connection, body.decode(errors="replace"))
            return Answer(200)
        if method == "DELETE":
            self._enqueue(connection, None)
            return Answer(204)
        facts = {
            "connectedAt": _time(connection.connected_at),
            "identity": {"sourceIp": connection.request.client, "userAgent": ""},
            "lastActiveAt": _time(time.time()),
        }
        return Answer(200, [("content-type", "application/json")], json.dumps(facts).encode())

    def _enqueue(self, connection: _Connection, text: str | None) -> None:
        try:
            connection.outgoing.put_nowait(text)
        except asyncio.QueueFull:  # it does not read: end it, so that it catches up when it comes back
            connection.close_code = _SLOW
            connection.abandoned.set()
            self._open.pop(connection.id, None)

    async def _connect(self, connection: _Connection) -> bool:
        answer = await self._call("$connect", connection, "CONNECT")
        return answer is not None and int(answer.get("statusCode", 200)) < 300

    async def _converse(self, connection: _Connection, receive: Receive, send: Send) -> None:
        writer = asyncio.create_task(_write(connection, send))
        reader = asyncio.create_task(self._read(connection, receive))
        abandoned = asyncio.create_task(connection.abandoned.wait())
        tasks = {writer, reader, abandoned}
        done, _ = await asyncio.wait(tasks, timeout=MAX_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if reader not in done:
            with contextlib.suppress(Exception):  # it may have gone in the meantime
                await send({"type": "websocket.close", "code": connection.close_code if done else _OVER})

    async def _read(self, connection: _Connection, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None or len(text) > MAX_MESSAGE:
                connection.close_code = 1003 if text is None else 1009
                self._enqueue(connection, None)
                continue
            if await self._call("$default", connection, "MESSAGE", text) is None:
                refusal = {"message": "Internal server error", "connectionId": connection.id}
                self._enqueue(connection, json.dumps(refusal))

    async def _call(
        self, route: str, connection: _Connection, kind: str, body: str | None = None
    ) -> dict[str, Any] | None:
        """The handler's answer; None if it failed. No handler is a success, as in API Gateway."""
        handler = self._handlers.get(route)
        if handler is None:
            return {"statusCode": 200}
        headers = gateway_headers(connection.request, self._scheme)
        query = parse_qs(connection.request.query)
        event: dict[str, Any] = {
            "headers": {name: values[-1] for name, values in headers.items()},
            "multiValueHeaders": headers,
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "requestContext": {
                **request_context(connection.request),
                "routeKey": route,
                "eventType": kind,
                "connectionId": connection.id,
                "connectedAt": int(connection.connected_at * 1000),
                "messageDirection": "IN",
            },
            "isBase64Encoded": False,
        }
        if body is not None:
            event["body"] = body
        loop = asyncio.get_running_loop()
        try:
            answer: dict[str, Any] = await loop.run_in_executor(self._pool, handler, event, context(route))
        except Exception:
            _log.exception("the handler of %s failed", route)
            return None
        return answer


async def _write(connection: _Connection, send: Send) -> None:
    while (text := await connection.outgoing.get()) is not None:
        await send({"type": "websocket.send", "text": text})


def _time(value: float) -> str:
    return datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _error(status: int, kind: str) -> Answer:
    body = json.dumps({"message": kind}).encode()
    return Answer(status, [("x-amzn-errortype", kind), ("content-type", "application/json")], body)
