"""Idle connections that gateways hold here, by controller, until a browser comes."""

import asyncio
import contextlib
import logging
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable

from agent.stream.pump import End
from agent.stream.relay.config import RelayConfig
from chalicelib.protocol.streams import RelayGrantClaims

log = logging.getLogger(__name__)


class ParkedEnd(End):
    """A gateway's connection: idle, then asked once, then one end of a stream."""

    def __init__(self, grant: RelayGrantClaims, left: Callable[["ParkedEnd"], None]) -> None:
        super().__init__()
        self.controller = grant.controller
        self.expires = grant.exp
        self.revocations = grant.revocations
        self._left = left
        self._asked: asyncio.Future[bytes] | None = None

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            super().data_received(data)
        elif self._asked is not None and not self._asked.done():
            self.pause()
            self._asked.set_result(data)
        else:
            self.abort()  # a gateway has nothing to say before it is asked

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._left(self)
        if self._asked is not None and not self._asked.done():
            self._asked.set_exception(ConnectionResetError("the gateway's connection is gone"))

    async def ask(self, head: bytes, within: float) -> bytes:
        """Pass on a browser's request head; the first bytes of the answer, reading paused after them.
        Raises ConnectionError or TimeoutError when the connection turns out to be dead."""
        self._asked = asyncio.get_running_loop().create_future()
        if self.lost:
            raise ConnectionResetError("the gateway's connection is gone")
        self.write(head)
        async with asyncio.timeout(within):
            return await self._asked


class Parking:
    """Newest first: the connection made last is the likeliest to be alive."""

    def __init__(self, config: RelayConfig, clock: Callable[[], float] = time.time) -> None:
        self._config = config
        self._clock = clock
        self._parked: defaultdict[str, list[ParkedEnd]] = defaultdict(list)
        self._waiting: defaultdict[str, deque[asyncio.Future[ParkedEnd]]] = defaultdict(deque)
        self._counts: Counter[str] = Counter()
        self._revocations: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._counts.total()

    def count(self, controller: str) -> int:
        return self._counts[controller]

    def revoked(self, controller: str, times: int) -> None:
        """The control plane says (by a grant or a ticket) how often agents of the controller were revoked:
        what was parked before the last time may be held by the one that is out, so it goes."""
        if times > self._revocations[controller]:
            self._revocations[controller] = times
            for end in [end for end in self._parked.get(controller, ()) if end.revocations < times]:
                self._drop(end)

    def accepts(self, grant: RelayGrantClaims) -> bool:
        """Whether no agent of the controller was revoked since, as far as is known here."""
        return grant.revocations >= self._revocations[grant.controller]

    def offer(self, end: ParkedEnd) -> None:
        """Hold a connection, or hand it to the browser that has waited longest. Beyond the limits the
        oldest goes: after a crash of the gateway's machine the dead ones are the oldest."""
        if end.revocations < self._revocations[end.controller]:
            self._drop(end)
            return
        waiting = self._waiting.get(end.controller)
        while waiting:
            browser = waiting.popleft()
            if not browser.done():
                browser.set_result(end)
                return
        mine = self._parked[end.controller]
        mine.append(end)
        self._counts[end.controller] += 1
        if len(mine) > self._config.parked_per_controller:
            self._drop(mine[0])
        elif len(self) > self._config.parked_in_total:
            self._drop(end)

    async def take(self, controller: str) -> ParkedEnd | None:
        """A connection to that controller's gateway; None if none was offered in time."""
        while (newest := self._newest(controller)) is not None:
            if not newest.lost and not newest.transport.is_closing():
                return newest
        queue = self._waiting[controller]
        if len(queue) >= self._config.waiting_per_controller:
            return None
        browser: asyncio.Future[ParkedEnd] = asyncio.get_running_loop().create_future()
        queue.append(browser)
        try:
            async with asyncio.timeout(self._config.take_timeout):
                # Shielded, so that a connection handed over in the moment of giving up is not lost.
                return await asyncio.shield(browser)
        except (TimeoutError, asyncio.CancelledError) as left:
            if browser.done():
                self.offer(browser.result())
            if isinstance(left, TimeoutError):
                return None
            raise
        finally:
            self._stop_waiting(controller, browser)

    def sweep(self) -> None:
        """Let go of connections whose grant has run out; their gateways come back with a fresh one."""
        now = self._clock()
        for end in [end for ends in self._parked.values() for end in ends if end.expires <= now]:
            self._drop(end)

    def close(self) -> None:
        for end in [end for ends in self._parked.values() for end in ends]:
            self._drop(end)

    def forget(self, end: ParkedEnd) -> None:
        """The connection is no longer parked (it was lost)."""
        mine = self._parked.get(end.controller, [])
        if end in mine:
            mine.remove(end)
            self._tidy(end.controller)

    def _newest(self, controller: str) -> ParkedEnd | None:
        mine = self._parked.get(controller)
        if not mine:
            return None
        end = mine.pop()
        self._tidy(controller)
        return end

    def _tidy(self, controller: str) -> None:
        self._counts[controller] = len(self._parked[controller])
        if not self._counts[controller]:
            del self._counts[controller], self._parked[controller]

    def _stop_waiting(self, controller: str, browser: asyncio.Future[ParkedEnd]) -> None:
        queue = self._waiting[controller]
        with contextlib.suppress(ValueError):
            queue.remove(browser)
        if not queue:
            self._waiting.pop(controller, None)
        browser.cancel()

    def _drop(self, end: ParkedEnd) -> None:
        self.forget(end)
        end.close()
