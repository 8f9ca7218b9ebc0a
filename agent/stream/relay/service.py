"""The relay as a whole: its listener, its connections and their limits."""

import asyncio
import contextlib
import logging

from agent.stream.address import Address
from agent.stream.keys import Keys
from agent.stream.relay.config import RelayConfig
from agent.stream.relay.connection import Connection
from agent.stream.relay.parking import Parking
from agent.stream.tickets import Tickets

log = logging.getLogger(__name__)
GRACE = 2.0
"""Seconds that connections get to write out what they hold when the relay stops."""


class Relay:
    def __init__(self, config: RelayConfig) -> None:
        self.config = config
        self.keys = Keys(config.jwks_url, config.state_dir / "jwks.json")
        self.tickets = Tickets(self.keys)
        self.parking = Parking(config)
        self.connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def address(self) -> Address:
        """Where it listens; a port of 0 has become a real one. Only while started."""
        assert self._server is not None  # noqa: S101
        if self.config.listen.path is not None:
            return self.config.listen
        host, port, *_ = self._server.sockets[0].getsockname()
        return Address(host=host, port=port)

    async def start(self) -> None:
        """Raises OSError if the address is taken or not ours."""
        loop, listen = asyncio.get_running_loop(), self.config.listen
        if listen.path is not None:
            self._server = await loop.create_unix_server(self._accept, listen.path)
        else:
            self._server = await loop.create_server(self._accept, listen.host, listen.port, backlog=1024)
        self._sweeper = asyncio.create_task(self._sweep(), name="relay sweeper")
        log.info("relay listens at %s, upstream %s", self.address, self.config.upstream or "none")

    async def stop(self) -> None:
        """Accept nothing more, end everything; clients reconnect with their resume tokens."""
        if self._server is not None:
            self._server.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        self.parking.close()
        for connection in list(self.connections):
            connection.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await self._empty.wait()
        for connection in list(self.connections):
            connection.abort()
        await self.keys.close()

    def admit(self, connection: Connection) -> bool:
        """Count a new connection; False if there are too many."""
        self.connections.add(connection)
        self._empty.clear()
        return len(self.connections) <= self.config.connections

    def gone(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if not self.connections:
            self._empty.set()

    def _accept(self) -> Connection:
        return Connection(self)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self.config.sweep_every)
            self.parking.sweep()
            self._cut_stalled()

    def _cut_stalled(self) -> None:
        limit = asyncio.get_running_loop().time() - self.config.stall_timeout
        for connection in list(self.connections):
            ends = (connection, connection.other) if connection.other else (connection,)
            if any(end.blocked_since is not None and end.blocked_since < limit for end in ends):
                log.warning("cutting a connection that has not read for %.0f s", self.config.stall_timeout)
                for end in ends:
                    end.abort()
