"""Which part of the api process answers a path, and the headers that every answer carries."""

import re
from typing import Any

from infra.local.server import files, queues
from infra.local.server.files import FileForwarder
from infra.local.server.gateway import Gateway
from infra.local.server.http import (
    Answer,
    Receive,
    Request,
    Scope,
    Send,
    TooLargeError,
    describe,
    problem,
    read_body,
    respond,
)
from infra.local.server.queues import QueueForwarder
from infra.local.server.sockets import Sockets
from infra.local.server.static import StaticSite
from infra.local.settings import EVENTS_PATH

API_PREFIXES = ("/v1", "/agent/v1", "/healthz", "/.well-known", "/docs")
_TLS = {True: (("strict-transport-security", "max-age=31536000; includeSubDomains"),), False: ()}
_HOST = re.compile(r"^[A-Za-z0-9.\-\[\]:]{1,255}$")


class Front:
    """The ASGI application of the public side."""

    def __init__(
        self,
        gateway: Gateway,
        sockets: Sockets,
        site: StaticSite,
        forwarder: QueueForwarder,
        file_forwarder: FileForwarder,
        *,
        stream_url: str,
        secure: bool = False,
    ) -> None:
        """`secure`: the public URL is https."""
        self._gateway = gateway
        self._sockets = sockets
        self._site = site
        self._forwarder = forwarder
        self._files = file_forwarder
        self._stream_url = stream_url
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        await self._forwarder.close()
        await self._files.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == EVENTS_PATH:
            await self._sockets.serve(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request = describe(scope, await read_body(receive))
        except TooLargeError:
            await respond(send, problem(413, "too_large", "A request may have 10 MiB."))
            return
        except ConnectionAbortedError:
            return  # half a request is none
        answer = await self._answer(request, receive)
        answer.headers += self._common_headers(request, answer)
        await respond(send, answer, head=request.method == "HEAD")

    async def _answer(self, request: Request, receive: Receive) -> Answer:
        if _under(request.path, queues.PREFIX):
            return await self._forwarder.handle(request, receive)
        if _under(request.path, files.PREFIX):
            return await self._files.handle(request)
        if any(_under(request.path, prefix) for prefix in API_PREFIXES):
            return await self._gateway.handle(request)
        return self._site.handle(request)

    def _common_headers(self, request: Request, answer: Answer) -> list[tuple[str, str]]:
        given = {name.lower() for name, _ in answer.headers}
        host = request.header("host")
        own = f"ws://{host} wss://{host}" if _HOST.match(host) else ""
        policy = (
            "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data: blob:; font-src 'self' data:; "
            f"connect-src 'self' {self._stream_url} {own}; "
            "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
            "frame-ancestors 'none'"
        )
        wanted = [
            ("content-security-policy", policy),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
            *_TLS[self._secure],
        ]
        return [pair for pair in wanted if pair[0] not in given]


def _under(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def websocket_handlers(app: Any, module: Any) -> dict[str, Any]:
    """Route key -> the Lambda entry point that the app registered for it."""
    return {
        key: getattr(module, config.handler_string.rpartition(".")[2])
        for key, config in app.websocket_handlers.items()
    }
