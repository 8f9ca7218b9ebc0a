"""The stream plane with everything around it scripted: control plane's keys, an instance, a browser.

Gateway, relay and dialler are the real ones, on real sockets.
"""

import asyncio
import contextlib
import json
import os
import struct
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvloop
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from joserfc import jwt
from joserfc.jwk import OKPKey

from agent.drivers.base import Endpoint
from agent.stream.address import Address
from agent.stream.dial import BackOff, RelayDialler
from agent.stream.gateway import Gateway
from agent.stream.keys import Keys
from agent.stream.relay import Relay, RelayConfig
from chalicelib.protocol.agents import RelayAccess

CONTROLLER = "ctl-01kb0000000000000000000001"
SESSION = "ses-01kb0000000000000000000001"
PASSWORD = "s3cret!x"
SERVER_INIT = struct.pack("!HH", 640, 480) + bytes(16) + struct.pack("!I", 4) + b"test"


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that relay and agent run on."""
    return {"uvloop": uvloop.new_event_loop}


class Instance:
    """An RFB server that does as it is told and writes down what it hears."""

    def __init__(self, path: Path, password: str = PASSWORD) -> None:
        self.path = path
        self.password = password
        self.heard = b""
        self.shared: list[int] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.flood = 0
        """Bytes to send after ServerInit, as fast as they are taken."""
        self.flooded = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, str(self.path))

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self.writers:
            writer.transport.abort()
        self.path.unlink(missing_ok=True)

    def endpoint(self) -> Endpoint:
        return Endpoint(socket_path=str(self.path), password=self.password, incarnation=1)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._greet(reader, writer)
            self.writers.append(writer)
            sending = asyncio.create_task(self._send(writer))
            while data := await reader.read(65536):
                self.heard += data
            sending.cancel()
        writer.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"RFB 003.008\n")
        assert await reader.readexactly(12) == b"RFB 003.008\n"
        writer.write(bytes([2, 1, 2]))
        assert await reader.readexactly(1) == b"\x02"
        challenge = os.urandom(16)
        writer.write(challenge)
        key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in self.password.encode().ljust(8, b"\0"))
        expected = Cipher(TripleDES(key * 3), modes.ECB()).encryptor().update(challenge)
        if await reader.readexactly(16) != expected:
            writer.write(struct.pack("!II", 1, 5) + b"wrong")
            raise ConnectionAbortedError
        writer.write(struct.pack("!I", 0))
        self.shared.append((await reader.readexactly(1))[0])
        writer.write(SERVER_INIT)

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        left, block = self.flood, bytes(range(256)) * 256
        while left > 0:
            writer.write(block[: min(left, len(block))])
            self.flooded += min(left, len(block))
            left -= len(block)
            await writer.drain()


@dataclass
class Plane:
    """What a test needs to know, and the knobs that it may turn."""

    directory: Path
    key: OKPKey
    jwks_url: str
    instances: dict[str, Endpoint] = field(default_factory=dict)
    printed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By session."""
    grant_life: int = 3600
    revocations: int = 0
    relay_port: int = 0
    jti: int = 0

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "EdDSA", "kid": "key-1"}, claims, self.key, algorithms=["EdDSA"])

    def ticket(self, **changes: Any) -> str:
        self.jti += 1
        now = int(time.time())
        claims = {
            "iss": "streamspace",
            "aud": f"streamspace-gateway:{CONTROLLER}",
            "sub": "usr-01kb0000000000000000000001",
            "jti": f"ticket-{self.jti}",
            "iat": now,
            "exp": now + 60,
            "tenant": "ten-01kb0000000000000000000001",
            "session": SESSION,
            "controller": CONTROLLER,
            "incarnation": 1,
            "protocol": "vnc",
            "permissions": {},
        }
        return self.sign({**claims, **changes})

    def access(self) -> RelayAccess | None:
        if not self.relay_port:
            return None
        now = int(time.time())
        grant = {
            "iss": "streamspace",
            "aud": "streamspace-relay",
            "iat": now,
            "exp": now + self.grant_life,
            "tenant": "ten-01kb0000000000000000000001",
            "controller": CONTROLLER,
            "revocations": self.revocations,
        }
        expires = datetime.now(UTC) + timedelta(seconds=self.grant_life)
        url = f"ws://127.0.0.1:{self.relay_port}"
        return RelayAccess(urls=(url,), grant=self.sign(grant), expires_at=expires)

    def gateway(self, **changes: Any) -> Gateway:
        settings: dict[str, Any] = {
            "listen": Address(host="127.0.0.1"),
            "logs": lambda session, lines: self.printed.get(session, ())[-lines:] or None,
            **changes,
        }
        keys = Keys(self.jwks_url, self.directory / "gateway" / "jwks.json")
        return Gateway(CONTROLLER, self.instances.get, keys, self.directory / "gateway", **settings)

    def relay(self, upstream: Address | None = None, **changes: Any) -> Relay:
        settings: dict[str, Any] = {"take_timeout": 0.5, "answer_timeout": 2, "sweep_every": 0.1, **changes}
        listen = Address(host="127.0.0.1", port=self.relay_port)
        return Relay(RelayConfig(listen, self.jwks_url, self.directory / "relay", upstream, **settings))

    def dialler(self, gateway: Gateway, **changes: Any) -> RelayDialler:
        settings: dict[str, Any] = {
            "access": self.access,
            "back_off": BackOff(0.02, 0.1),
            "look_again": 0.05,
            **changes,
        }
        return RelayDialler(gateway.accept, **settings)


@pytest.fixture
async def plane(tmp_path: Path) -> AsyncIterator[Plane]:
    key = OKPKey.generate_key("Ed25519", {"kid": "key-1"}, private=True)
    app = web.Application()

    async def jwks(_: web.Request) -> web.Response:
        return web.json_response({"keys": [dict(key.as_dict(private=False))]})

    app.router.add_get("/jwks", jwks)
    async with TestServer(app) as server:
        yield Plane(tmp_path, key, str(server.make_url("/jwks")))


@pytest.fixture
async def instance(plane: Plane) -> AsyncIterator[Instance]:
    instance = Instance(plane.directory / "rfb.sock")
    await instance.start()
    plane.instances[SESSION] = instance.endpoint()
    yield instance
    await instance.stop()


@pytest.fixture
async def gateway(plane: Plane) -> AsyncIterator[Gateway]:
    gateway = plane.gateway()
    await gateway.start()
    yield gateway
    await gateway.stop()


@pytest.fixture
async def relay(plane: Plane) -> AsyncIterator[Relay]:
    relay = plane.relay()
    await relay.start()
    plane.relay_port = relay.address.port
    yield relay
    await relay.stop()


@pytest.fixture
async def parked(plane: Plane, gateway: Gateway, relay: Relay) -> AsyncIterator[RelayDialler]:
    """A dialler whose connections are all parked."""
    dialler = plane.dialler(gateway)
    await dialler.start()
    async with asyncio.timeout(15):
        while dialler.parked < 4:
            await asyncio.sleep(0.01)
    yield dialler
    await dialler.stop()


class Browser:
    """What noVNC does, as far as it matters here."""

    def __init__(self, http: aiohttp.ClientSession, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self._http = http
        self.websocket = websocket
        self.token: str | None = None
        self.said: list[dict[str, Any]] = []
        self.received = b""

    async def read(self, count: int) -> bytes:
        async with asyncio.timeout(10):
            while len(self.received) < count:
                message = await self.websocket.receive()
                if message.type is aiohttp.WSMsgType.BINARY:
                    self.received += message.data
                elif message.type is aiohttp.WSMsgType.TEXT:
                    self._hear(message.data)
                else:
                    raise ConnectionError(f"closed: {self.websocket.close_code}")
        data, self.received = self.received[:count], self.received[count:]
        return data

    async def greet(self) -> None:
        assert await self.read(12) == b"RFB 003.008\n"
        await self.send(b"RFB 003.008\n")
        assert await self.read(2) == b"\x01\x01"
        await self.send(b"\x01")
        assert await self.read(4) == bytes(4)
        await self.send(b"\x00")  # not shared, as far as the client is concerned

    async def start(self) -> None:
        await self.greet()
        assert await self.read(len(SERVER_INIT)) == SERVER_INIT

    async def send(self, data: bytes) -> None:
        await self.websocket.send_bytes(data)

    async def closed(self) -> int | None:
        """The close code, once the other side has closed."""
        async with asyncio.timeout(10):
            while True:
                message = await self.websocket.receive()
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._hear(message.data)
                elif message.type is not aiohttp.WSMsgType.BINARY:
                    return self.websocket.close_code

    def drop(self) -> None:
        """As when the network goes away."""
        response = self.websocket._response
        assert response.connection is not None
        transport = response.connection.transport
        assert transport is not None
        transport.abort()

    def _hear(self, text: str) -> None:
        message = json.loads(text)
        self.said.append(message)
        if message["type"] == "resume":
            self.token = message["token"]


@pytest.fixture
async def browse() -> AsyncIterator[Callable[..., Any]]:
    async with aiohttp.ClientSession() as http:

        async def open_stream(
            address: Address, credential: str, *, session: str = SESSION, plain: bool = False
        ) -> Browser:
            protocols = ["binary", credential] if plain else ["streamspace.v1", "binary", credential]
            url = f"http://127.0.0.1:{address.port}/stream/{CONTROLLER}/{session}"
            websocket = await http.ws_connect(url, protocols=protocols, max_msg_size=0)
            return Browser(http, websocket)

        yield open_stream


@pytest.fixture
def eventually() -> Callable[..., Any]:
    async def wait(condition: Callable[[], object], within: float = 15) -> None:
        async with asyncio.timeout(within):
            while not condition():
                await asyncio.sleep(0.01)

    return wait
