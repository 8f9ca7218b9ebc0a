"""Everything that is not a stream goes through to the application, unharmed."""

import asyncio
import hashlib
import json
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from agent.stream.address import Address
from agent.stream.relay import Relay

Eventually = Callable[..., Awaitable[None]]
CONTROLLER = "ctl-01kb0000000000000000000001"
SESSION = "ses-01kb0000000000000000000001"
LARGE = random.Random(1).randbytes(20_000_000)


class Application:
    """What the API is to the relay."""

    def __init__(self) -> None:
        self.connections: set[Any] = set()
        self.runner: web.AppRunner | None = None
        self.address = Address(host="127.0.0.1")

    async def start(self) -> None:
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/echo", self.echo)
        app.router.add_get("/large", self.large)
        app.router.add_get("/chunked", self.chunked)
        app.router.add_get("/v1/events", self.events)
        self.runner = web.AppRunner(app, keepalive_timeout=0.5, shutdown_timeout=0.1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", self.address.port).start()
        self.address = Address(host="127.0.0.1", port=self.runner.addresses[0][1])

    async def stop(self) -> None:
        assert self.runner is not None
        await self.runner.cleanup()

    async def echo(self, request: web.Request) -> web.Response:
        self.connections.add(id(request.transport))
        body = await request.read()
        return web.json_response(
            {
                "sha256": hashlib.sha256(body).hexdigest(),
                "size": len(body),
                "forwarded": request.headers.getall("X-Forwarded-For", []),
                "host": request.host,
                "headers": len(request.headers),
            }
        )

    async def large(self, request: web.Request) -> web.Response:
        return web.Response(body=LARGE)

    async def chunked(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for n in range(200):
            await response.write(str(n).encode() * 100)
        await response.write_eof()
        return response

    async def events(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("refuse"):
            return web.Response(status=403, text="no")
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        async for message in websocket:
            await websocket.send_str(str(message.data) + request.headers["X-Forwarded-For"])
        return websocket


@pytest.fixture
async def application() -> AsyncIterator[Application]:
    application = Application()
    await application.start()
    yield application
    await application.stop()


@pytest.fixture
async def front(plane: Any, application: Application) -> AsyncIterator[Relay]:
    relay = plane.relay(application.address, head_timeout=0.5)
    await relay.start()
    plane.relay_port = relay.address.port
    yield relay
    await relay.stop()


@pytest.fixture
async def http(front: Relay) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{front.address.port}") as session:
        yield session


async def raw(port: int, request: bytes, *, end: bool = True) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    if end:
        writer.write_eof()
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


@pytest.mark.feature("One port serves the UI, the API, events and streams")
async def test_requests_share_a_connection_and_bodies_arrive_whole(
    http: aiohttp.ClientSession, application: Application
) -> None:
    for size in (0, 1, 1000, 70_000, 5_000_000):
        body = random.Random(size).randbytes(size)
        answer = await (await http.post("/echo", data=body)).json()
        assert answer["sha256"] == hashlib.sha256(body).hexdigest()
    assert len(application.connections) == 1


async def test_chunked_uploads_and_answers(http: aiohttp.ClientSession) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for n in range(300):
            yield bytes([n % 256]) * (n * 7)

    whole = b"".join([piece async for piece in pieces()])
    answer = await (await http.put("/echo", data=pieces())).json()
    assert answer["sha256"] == hashlib.sha256(whole).hexdigest()
    assert await (await http.get("/chunked")).read() == b"".join(str(n).encode() * 100 for n in range(200))
    assert await (await http.get("/large")).read() == LARGE


async def test_many_at_once(http: aiohttp.ClientSession) -> None:
    async def one(n: int) -> bool:
        body = random.Random(n).randbytes(n * 1000)
        answer = await (await http.post("/echo", data=body)).json()
        return bool(answer["sha256"] == hashlib.sha256(body).hexdigest())

    assert all(await asyncio.gather(*(one(n) for n in range(100))))


async def test_pipelined_and_oddly_cut_requests(front: Relay) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", front.address.port)
    request = (
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
        b"PUT /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
        b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    for byte in request:
        writer.write(bytes([byte]))
        await writer.drain()
    answers = (await asyncio.wait_for(reader.read(), 10)).decode()
    assert answers.count("HTTP/1.1 200") == 3
    assert answers.count(hashlib.sha256(b"abc").hexdigest()) == 2
    writer.close()


@pytest.mark.feature("The API sees the address of the client, which cannot be forged")
async def test_the_clients_address_is_handed_over(http: aiohttp.ClientSession) -> None:
    for _ in range(2):
        answer = await (await http.get("/echo")).json()
        assert answer["forwarded"] == ["127.0.0.1"]
    answer = await (await http.get("/echo", headers={"X-Forwarded-For": "6.6.6.6"})).json()
    assert answer["forwarded"] == ["6.6.6.6, 127.0.0.1"]
    assert answer["host"].startswith("127.0.0.1:")


async def test_websockets_pass_and_refused_ones_leave_the_connection_usable(
    http: aiohttp.ClientSession, front: Relay
) -> None:
    async with http.ws_connect("/v1/events") as websocket:
        for text in ("one", "x" * 100_000):
            await websocket.send_str(text)
            assert await websocket.receive_str() == text + "127.0.0.1"
    upgrade = (
        b"GET /v1/events?refuse=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        b"GET /echo HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\nConnection: close\r\n\r\n"
    )
    answers = await raw(front.address.port, upgrade, end=False)
    assert b"HTTP/1.1 403" in answers
    assert b'"6.6.6.6, 127.0.0.1"' in answers


async def test_streams_on_a_connection_that_has_carried_requests(plane: Any, front: Relay) -> None:
    """As a proxy in front does that keeps connections open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", front.address.port)
    writer.write(b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    await reader.readexactly(length)
    writer.write(
        (
            f"GET /stream/{CONTROLLER}/{SESSION} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            f"Sec-WebSocket-Protocol: binary, ticket.{plane.ticket()}\r\n\r\n"
        ).encode()
    )
    assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).startswith(b"HTTP/1.1 503")
    writer.close()


@pytest.mark.feature("While the API restarts, browsers get a page that says so and come back by themselves")
async def test_the_upstream_is_away_and_comes_back(
    http: aiohttp.ClientSession, application: Application, front: Relay
) -> None:
    await (await http.get("/echo")).read()
    await application.stop()
    api = await http.get("/echo")
    assert api.status == 502
    assert api.content_type == "application/problem+json"
    assert (await api.json())["code"] == "upstream_away"
    page = await http.get("/", headers={"Accept": "text/html,*/*"})
    assert page.status == 502
    assert 'http-equiv="refresh"' in await page.text()
    upload = await http.post("/echo", data=bytes(3_000_000))
    assert upload.status == 502
    await application.start()
    assert (await http.get("/echo")).status == 200


async def test_an_upstream_that_closes_unanswered_is_a_502(plane: Any) -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(rude, "127.0.0.1", 0)
    relay = plane.relay(Address(host="127.0.0.1", port=server.sockets[0].getsockname()[1]))
    await relay.start()
    answer = await raw(relay.address.port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", end=False)
    assert answer.startswith(b"HTTP/1.1 502")
    await relay.stop()
    server.close()


async def test_slow_heads_bad_heads_and_silence(front: Relay) -> None:
    port = front.address.port
    assert await raw(port, b"", end=False) == b""
    assert (await raw(port, b"GET / HTTP/1.1\r\nHos", end=False)).startswith(b"HTTP/1.1 408")
    assert (await raw(port, b"\x16\x03\x01\x00\x00\r\n\r\n", end=False)).startswith(b"HTTP/1.1 400")
    assert (await raw(port, b"GET / HTTP/1.1\r\nX: " + b"y" * 20_000, end=False)).startswith(b"HTTP/1.1 431")


async def test_own_paths(front: Relay) -> None:
    port = front.address.port
    health = await raw(port, b"GET /relay/v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert json.loads(health.partition(b"\r\n\r\n")[2]) == {"status": "ok"}
    assert b" 404 " in await raw(port, b"GET /relay/v2 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b" 426 " in await raw(port, b"GET /stream/a/b HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b" 404 " in await raw(port, b"GET /stream/a HTTP/1.1\r\nHost: x\r\n\r\n")


async def test_without_an_upstream_only_streams_are_served(relay: Relay) -> None:
    assert b" 404 " in await raw(relay.address.port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")


async def test_too_many_connections_are_told_so(plane: Any, application: Application) -> None:
    relay = plane.relay(application.address, connections=2)
    await relay.start()
    held = [await asyncio.open_connection("127.0.0.1", relay.address.port) for _ in range(2)]
    await asyncio.sleep(0.05)
    assert b" 503 " in await raw(relay.address.port, b"", end=False)
    for _, writer in held:
        writer.close()
    await relay.stop()


async def test_nothing_is_left_open(
    http: aiohttp.ClientSession, front: Relay, eventually: Eventually
) -> None:
    async def rude(n: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", front.address.port)
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"[: 10 + n * 3])
        await asyncio.sleep(0.02)
        writer.transport.abort()

    await (await http.get("/echo")).read()
    await eventually(lambda: len(front.connections) == 0)
    files, tasks = len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())
    for n in range(20):
        await rude(n)
    await asyncio.gather(*(rude(20) for _ in range(30)))
    await eventually(lambda: len(front.connections) == 0)
    await eventually(lambda: len(os.listdir("/proc/self/fd")) <= files)
    await eventually(lambda: len(asyncio.all_tasks()) <= tasks)


async def test_a_client_that_does_not_read_is_cut_in_the_end(
    plane: Any, application: Application, eventually: Eventually
) -> None:
    relay = plane.relay(application.address, stall_timeout=0.3)
    await relay.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.address.port, limit=1024)
    writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    await eventually(lambda: len(relay.connections) == 1)
    await eventually(lambda: len(relay.connections) == 0)
    writer.transport.abort()
    await relay.stop()
    assert reader is not None
