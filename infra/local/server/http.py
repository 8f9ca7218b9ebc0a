"""Requests and answers over ASGI, as little as this process needs."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 10 * 2**20
"""As API Gateway's."""


class TooLargeError(Exception):
    """The body is above MAX_BODY."""


@dataclass(frozen=True)
class Request:
    """`path` is as the client sent it, still encoded and without the query; header names are lower-case."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    client: str
    body: bytes = b""

    def header(self, name: str, default: str = "") -> str:
        return next((value for key, value in reversed(self.headers) if key == name), default)


@dataclass
class Answer:
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def describe(scope: Scope, body: bytes = b"") -> Request:
    """The request of an HTTP or WebSocket scope. The relay in front says who the client is."""
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    peer = (scope.get("client") or ("127.0.0.1", 0))[0]
    forwarded = next((value for name, value in reversed(headers) if name == "x-forwarded-for"), "")
    client = forwarded.rpartition(",")[2].strip() or peer
    return Request(
        method=scope.get("method", "GET"),
        path=scope["raw_path"].decode("latin-1").partition("?")[0],
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        client=client,
        body=body,
    )


async def read_body(receive: Receive) -> bytes:
    """Raises TooLargeError, and ConnectionAbortedError when the client goes away in the middle."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionAbortedError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY:
            raise TooLargeError
        if not message.get("more_body"):
            return b"".join(parts)


async def respond(send: Send, answer: Answer, *, head: bool = False) -> None:
    """`head`: the body is left out, its length is not."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if not any(name == b"content-length" for name, _ in headers) and answer.status != HTTPStatus.NO_CONTENT:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})


def problem(status: int, code: str, detail: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """RFC 9457, in the app's own shape, for what never reaches the app."""
    document = {
        "type": f"https://streamspace.dev/problems/{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [],
    }
    kind = ("content-type", "application/problem+json")
    return Answer(status, [kind, ("cache-control", "no-store"), *headers], json.dumps(document).encode())
