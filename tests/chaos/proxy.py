"""The network between one agent and the control plane, as a TCP proxy that can fail.

Connections are told apart by how they begin: calls of the queue, calls of the API, and all else (streams).
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    QUEUE = "queue"
    API = "api"
    OTHER = "other"


class Trouble(StrEnum):
    """`refuse` resets connections, old and new. `hang` lets no byte through, and what waits goes on after.
    `deafen` lets what the agent asks reach its goal, and resets the connection instead of the answer."""

    REFUSE = "refuse"
    HANG = "hang"
    DEAFEN = "deafen"


@dataclass(eq=False)
class _Connection:
    kind: Kind
    writers: tuple[asyncio.StreamWriter, ...]

    def reset(self) -> None:
        for writer in self.writers:
            raw = writer.get_extra_info("socket")
            if raw is not None:
                with contextlib.suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


@dataclass(eq=False)
class Line:
    """One agent's way to `target`. `trouble` holds what fails now."""

    target: tuple[str, int]
    port: int = 0
    trouble: dict[Kind, Trouble] = field(default_factory=dict)
    _open: set[_Connection] = field(default_factory=set)
    _calm: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the agent's."""
        connection = _Connection(Kind.OTHER, (writer,))
        self._open.add(connection)
        try:
            first = await reader.read(65536)
            connection.kind = _kind(first)
            await self._passable(connection.kind)
            up_reader, up_writer = await asyncio.open_connection(*self.target)
            connection.writers = (writer, up_writer)
            up_writer.write(first)
            pumps = (
                asyncio.ensure_future(self._pump(reader, up_writer, connection, answers=False)),
                asyncio.ensure_future(self._pump(up_reader, writer, connection, answers=True)),
            )
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        except (OSError, ConnectionError):
            pass
        finally:
            self._open.discard(connection)
            connection.reset() if connection.kind in self.trouble else _close(connection)

    def fail(self, kinds: tuple[Kind, ...], trouble: Trouble) -> None:
        """From now on."""
        for kind in kinds:
            self.trouble[kind] = trouble
        if trouble is Trouble.REFUSE:
            for each in [each for each in self._open if each.kind in kinds]:
                each.reset()

    def mend(self) -> None:
        self.trouble.clear()
        self._calm.set()
        self._calm = asyncio.Event()

    async def _passable(self, kind: Kind, *, answers: bool = False) -> None:
        """Waits while the line hangs. Raises ConnectionError where it is cut."""
        while (now := self.trouble.get(kind)) is not None:
            if now is Trouble.REFUSE or (now is Trouble.DEAFEN and answers):
                raise ConnectionResetError
            if now is Trouble.DEAFEN:
                return
            await self._calm.wait()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, of: _Connection, *, answers: bool
    ) -> None:
        while data := await source.read(65536):
            await self._passable(of.kind, answers=answers)
            sink.write(data)
            await sink.drain()


class Network:
    """All lines, in a thread of their own. Methods are called from other threads."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)
        self._thread.start()

    def line(self, target: tuple[str, int]) -> Line:
        """A new line that listens on a port of its own."""

        async def listen() -> Line:
            made = Line(target)
            server = await asyncio.start_server(made.serve, self._address, 0)
            made.port = server.sockets[0].getsockname()[1]
            return made

        return asyncio.run_coroutine_threadsafe(listen(), self._loop).result(10)

    def do(self, change: Callable[[], None]) -> None:
        """`fail` or `mend` of a line."""

        async def act() -> None:
            change()

        asyncio.run_coroutine_threadsafe(act(), self._loop).result(10)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


def _kind(first: bytes) -> Kind:
    if first.startswith(b"POST /queues"):
        return Kind.QUEUE
    return Kind.API if first.startswith(b"POST /agent/v1/") else Kind.OTHER


def _close(connection: _Connection) -> None:
    for writer in connection.writers:
        writer.close()
