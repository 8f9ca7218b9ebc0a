"""What of ministack can be reached: signed calls of the services we use, and one path of our own.

`GET /_streamspace/changes?after=<n>&wait=<seconds>` answers `{"last": n}` as soon as a stream record newer
than `after` exists, so that the runner neither polls nor waits. Everything else that ministack serves
(resetting it, reading queues without credentials, eighty other services) answers 404 here.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from infra.local.emulator.journal import Journal
from infra.local.emulator.recorder import Recorder

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_LONG_POLL = b"AmazonSQS.ReceiveMessage"
CHANGES_PATH = "/_streamspace/changes"
_SIGNED = re.compile(
    rb"AWS4-HMAC-SHA256 Credential=[A-Za-z0-9]{4,128}/\d{8}/[a-z0-9-]+/(dynamodb|sqs|sts)/aws4_request,"
)
_SIGNED_S3 = re.compile(rb"AWS4-HMAC-SHA256 Credential=[A-Za-z0-9]{4,128}/\d{8}/[a-z0-9-]+/s3/aws4_request,")


class Front:
    """An ASGI application around ministack's."""

    def __init__(self, inner: App, recorder: Recorder, journal: Journal) -> None:
        self._inner = inner
        self._recorder = recorder
        self._journal = journal
        self._changed = asyncio.Event()
        self._housekeeping: asyncio.Task[None] | None = None
        recorder.attach(self._wake)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"] == CHANGES_PATH:
            await self._changes(scope, send)
        elif scope["type"] == "http" and _is_signed(scope):
            if dict(scope["headers"]).get(b"x-amz-target") == _LONG_POLL:
                await _while_connected(self._inner, scope, receive, send)
            else:
                await self._inner(scope, receive, send)
        elif scope["type"] == "http":
            await _answer(
                send, 404, {"message": "Only signed calls of DynamoDB, SQS, STS and S3 are served here"}
            )

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._housekeeping = asyncio.create_task(self._keep_house())
                await send({"type": "lifespan.startup.complete"})
            else:
                self._journal.sync()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._journal.compact_if_due(self._recorder.state)
            await asyncio.to_thread(self._journal.sync)

    async def _changes(self, scope: Scope, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode())
        after = int(query.get("after", ["0"])[0])
        deadline = asyncio.get_running_loop().time() + min(30.0, float(query.get("wait", ["0"])[0]))
        while self._recorder.last_sequence <= after:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                break
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                break
        await _answer(send, 200, {"last": self._recorder.last_sequence})

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


async def _while_connected(inner: App, scope: Scope, receive: Receive, send: Send) -> None:
    """End a long poll whose caller has gone: it would take a message and hide it from the next caller."""
    body = await receive()
    while body["type"] == "http.request" and body.get("more_body"):
        more = await receive()
        body = {**more, "body": body["body"] + more.get("body", b"")}
    unread = [body]

    async def replay() -> dict[str, Any]:
        return unread.pop() if unread else await receive()

    poll = asyncio.ensure_future(inner(scope, replay, send))
    gone = asyncio.ensure_future(receive())
    done, _ = await asyncio.wait({poll, gone}, return_when=asyncio.FIRST_COMPLETED)
    for task in (poll, gone):
        task.cancel()
    await asyncio.gather(poll, gone, return_exceptions=True)
    if poll in done:
        poll.result()  # raises what it raised


def _is_signed(scope: Scope) -> bool:
    authorization = dict(scope["headers"]).get(b"authorization", b"")
    if _SIGNED_S3.match(authorization):
        return True
    if not authorization and scope["method"] == "GET":
        return is_presigned(scope["query_string"].decode("latin-1"))
    return scope["method"] == "POST" and bool(_SIGNED.match(authorization))


def is_presigned(query: str) -> bool:
    """Whether this is the query of a presigned S3 link, whose signature S3 then verifies."""
    given = parse_qs(query)
    scope = "".join(given.get("X-Amz-Credential", [""])).split("/")
    return (
        given.get("X-Amz-Algorithm") == ["AWS4-HMAC-SHA256"]
        and len(scope) == 5
        and scope[3] == "s3"
        and len(given.get("X-Amz-Signature", [])) == 1
    )


async def _answer(send: Send, status: int, body: dict[str, Any]) -> None:
    content = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
