"""Keeps this gateway's idle connections parked at the relays (design §6: the agent only ever dials out).

Per relay a few slots, each a loop: connect, show the grant, wait until a browser is put through, hand the
connection over to the gateway's server, begin again at once. It is handed over rather than spliced to the
gateway's listener, because that is in the same process: one hop less. A connection that dies after a while
is replaced at once; failures back off with jitter, so that a thousand agents do not come back to a restarted
relay in the same second. The grant is asked for anew at every dial.
"""

import asyncio
import base64
import contextlib
import logging
import random
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent.stream import heads
from agent.stream.address import Address, connect
from agent.stream.heads import BadHead
from agent.stream.pump import End
from chalicelib.protocol.agents import Health, PartHealth, RelayAccess
from chalicelib.protocol.instances import Reason

log = logging.getLogger(__name__)
PATH = "/relay/v1/connect"
ANSWER_TIMEOUT = 15.0
Accept = Callable[[asyncio.Transport, bytes], None]
"""Takes over a connection on which a browser's first bytes have come; reading is paused."""
STEADY = 5.0
"""Seconds after which a parked connection counts as one that worked: its end is no failure."""


@dataclass(frozen=True)
class BackOff:
    """Seconds until the next attempt after the n-th failure in a row: full jitter below a growing bound."""

    first: float = 0.5
    most: float = 30.0

    def after(self, failures: int) -> float:
        bound: float = min(self.most, self.first * 2 ** min(failures, 16))
        return bound * random.uniform(0.3, 1)  # noqa: S311 - spreading, not security


class Refused(Exception):
    """The relay answered, but not with 101."""


class GrantRefused(Refused):
    """It wants another grant: this one is over, or an agent of the controller was revoked since."""


class DialledEnd(End):
    """Our side of one connection to a relay: its answer, then idle until a browser talks."""

    def __init__(self) -> None:
        super().__init__()
        loop = asyncio.get_running_loop()
        self._read = b""
        self.answered: asyncio.Future[bytes] = loop.create_future()
        self.taken: asyncio.Future[bytes] = loop.create_future()
        """The first bytes of a browser; reading is paused after them."""

    def data_received(self, data: bytes) -> None:
        self._read += data
        if not self.answered.done():
            head, end, rest = self._read.partition(heads.END)
            if end:
                self._read = rest
                self.answered.set_result(head + end)
            elif len(self._read) > heads.LIMIT:
                self.abort()
        if self.answered.done() and self._read and not self.taken.done():
            self.pause()
            self.taken.set_result(self._read)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for waiting in (self.answered, self.taken):
            if not waiting.done():
                waiting.set_exception(ConnectionResetError("the relay closed the connection"))
                waiting.exception()  # nobody may be waiting for it


class RelayDialler:
    """`access` tells the relays and the grant of the moment, None as long as there is none. It is asked at
    every dial, so a renewed grant needs no restart. `refused` is called when a relay does not take it."""

    def __init__(
        self,
        gateway: Accept,
        access: Callable[[], RelayAccess | None],
        refused: Callable[[], None] = lambda: None,
        *,
        slots: int = 4,
        back_off: BackOff = BackOff(),
        look_again: float = 1.0,
    ) -> None:
        self._gateway = gateway
        self._access = access
        self._refused = refused
        self._slots = slots
        self._back_off = back_off
        self._look_again = look_again
        self._by_url: dict[str, list[asyncio.Task[None]]] = {}
        self._main: asyncio.Task[None] | None = None
        self._parked: set[DialledEnd] = set()
        self._last_taken = float("-inf")
        self._trouble = Reason(code="relay_not_tried", message="No relay has been reached yet.")

    @property
    def parked(self) -> int:
        return len(self._parked)

    async def start(self) -> None:
        self._main = asyncio.create_task(self._follow_access(), name="relay dialler")

    async def stop(self) -> None:
        """Ends what is parked; streams are the gateway's."""
        tasks = [task for tasks in self._by_url.values() for task in tasks]
        tasks += [self._main] if self._main is not None else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._by_url.clear()

    def health(self) -> PartHealth:
        """OK while a browser could be put through."""
        just_taken = asyncio.get_running_loop().time() - self._last_taken < STEADY
        if self._parked or just_taken:
            return PartHealth(state=Health.OK)
        return PartHealth(state=Health.FAILING, reason=self._trouble)

    async def _follow_access(self) -> None:
        """Keep as many slots per relay as there should be, for the relays that there are now."""
        while True:
            access = self._access()
            wanted = access.urls if access is not None else ()
            for url in [url for url in self._by_url if url not in wanted]:
                for task in self._by_url.pop(url):
                    task.cancel()
            for url in wanted:
                if url not in self._by_url:
                    self._by_url[url] = [
                        asyncio.create_task(self._slot(url), name=f"relay slot {n}")
                        for n in range(self._slots)
                    ]
            if not wanted:
                message = "The control plane has not told this agent of a relay."
                self._trouble = Reason(code="no_relay", message=message)
            await asyncio.sleep(self._look_again)

    async def _slot(self, url: str) -> None:
        loop, failures = asyncio.get_running_loop(), 0
        while True:
            began = loop.time()
            try:
                await self._hold_one(url)
                failures = 0
                continue
            except (OSError, BadHead, ValueError) as error:
                self._failed("relay_unreachable", f"The relay {url} does not answer: {_words(error)}.")
            except Refused as refused:
                if isinstance(refused, GrantRefused):
                    self._refused()
                self._failed("relay_refused", f"The relay {url} refused this agent: {refused}.")
            failures = 0 if loop.time() - began > STEADY else failures + 1
            await asyncio.sleep(self._back_off.after(failures))

    async def _hold_one(self, url: str) -> None:
        """Park one connection; returns when a browser was put through, raises when it was not."""
        access = self._access()
        if access is None:
            raise Refused("no grant")
        end = DialledEnd()
        try:
            await self._dial(end, url, access.grant)
            self._parked.add(end)
            first = await end.taken
        except BaseException:
            with contextlib.suppress(AttributeError):  # never connected
                end.abort()
            raise
        finally:
            self._parked.discard(end)
        self._last_taken = asyncio.get_running_loop().time()
        self._gateway(end.transport, first)
        end.resume()

    async def _dial(self, end: DialledEnd, url: str, grant: str) -> None:
        parts = urlsplit(url)
        secure = parts.scheme in ("wss", "https")
        if parts.scheme not in ("ws", "http", "wss", "https") or not parts.hostname:
            raise ValueError(f"not a relay's address: {url}")
        address = Address(host=parts.hostname, port=parts.port or (443 if secure else 80))
        await connect(address, end, tls=ssl.create_default_context() if secure else None, timeout=10)
        end.write(_request(parts.netloc.rpartition("@")[2], parts.path.rstrip("/") + PATH, grant))
        async with asyncio.timeout(ANSWER_TIMEOUT):
            status, _ = heads.answer(await end.answered)
        if status != 101:
            raise (GrantRefused if status == 401 else Refused)(f"status {status}")

    def _failed(self, code: str, message: str) -> None:
        if self._trouble.message != message:
            log.warning("%s", message)
        self._trouble = Reason(code=code, message=message)


def _request(host: str, path: str, grant: str) -> bytes:
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nAuthorization: Bearer {grant}\r\n\r\n"
    ).encode()


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
