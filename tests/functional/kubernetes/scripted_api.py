"""A small HTTP server in a thread, whose answers each test writes itself: what an API server can do wrong.

The whole driver runs against `tests/support/cluster`; here one call meets one answer.
"""

import asyncio
import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ScriptedApi:
    """`handler` answers everything and may be exchanged at any time. Requests are kept in `seen`."""

    def __init__(self, handler: Handler | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.handler: Handler = handler or _nothing
        self.seen: list[web.Request] = []
        self.bodies: list[bytes] = []
        self.peers: set[object] = set()
        """Each is one connection."""
        self.open_connections = 0
        self.most_connections = 0
        self._tls = tls
        self.port = _free_port()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}"

    def start(self) -> None:
        """Listen, at the same port each time."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), name="scripted-api", daemon=True)
        self._thread.start()
        assert ready.wait(5)

    def stop(self) -> None:
        """Drop every connection and close the port."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
            self._loop = self._thread = None

    def kubeconfig(self, folder: Path, token: str = "first", **cluster: Any) -> dict[str, str]:
        """The environment of an agent that uses this server, with its token in `folder/token`."""
        (folder / "token").write_text(token)
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "agent"}}],
            "clusters": [{"name": "here", "cluster": {"server": self.url} | cluster}],
            "users": [{"name": "agent", "user": {"tokenFile": str(folder / "token")}}],
        }
        (folder / "config").write_text(json.dumps(config))
        return {"KUBECONFIG": str(folder / "config")}

    def _serve(self, ready: threading.Event) -> None:
        loop = self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(self._listen())
        ready.set()
        try:
            loop.run_forever()
        finally:
            tasks = asyncio.all_tasks(loop)
            for task in tasks:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            loop.run_until_complete(runner.cleanup())
            loop.close()

    async def _listen(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port, ssl_context=self._tls, reuse_address=True)
        await site.start()
        return runner

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        if request.transport is not None:
            self.peers.add(request.transport.get_extra_info("peername"))
        self.open_connections += 1
        self.most_connections = max(self.most_connections, self.open_connections)
        try:
            if request.headers.get("Upgrade") is None:
                self.bodies.append(await request.read())
            return await self.handler(request)
        finally:
            self.open_connections -= 1


@contextlib.contextmanager
def serving(handler: Handler | None = None, tls: ssl.SSLContext | None = None) -> Iterator[ScriptedApi]:
    api = ScriptedApi(handler, tls)
    try:
        yield api
    finally:
        api.stop()


def answers(*given: web.StreamResponse | Callable[[], web.StreamResponse]) -> Handler:
    """One after the other; the last for ever."""
    left = list(given)

    async def handler(_request: web.Request) -> web.StreamResponse:
        found = left.pop(0) if len(left) > 1 else left[0]
        return found() if callable(found) else found

    return handler


def status(code: int, message: str, reason: str = "", **headers: str) -> Callable[[], web.Response]:
    """A refusal as the API writes it."""
    body = {"kind": "Status", "apiVersion": "v1", "code": code, "message": message, "reason": reason}
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: web.json_response(body, status=code, headers=found)


def reply(body: Any) -> Callable[[], web.Response]:
    return lambda: web.json_response(body)


def listing(*names: str, version: str = "1", more: str = "") -> dict[str, Any]:
    return {
        "kind": "List",
        "metadata": {"resourceVersion": version, "continue": more},
        "items": [item(name, version) for name in names],
    }


def item(name: str, version: str = "1", **fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "resourceVersion": version}} | fields


async def stream(request: web.Request) -> web.StreamResponse:
    """An answer that stays open."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    return response


def line(kind: str, found: Any) -> bytes:
    return json.dumps({"type": kind, "object": found}).encode() + b"\n"


async def _nothing(_request: web.Request) -> web.StreamResponse:
    return status(404, "nothing here")()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
