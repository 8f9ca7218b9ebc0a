"""What the loops take from their surroundings: time, chance, threads. A simulation passes its own."""

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

_T = TypeVar("_T")

DRIVER_THREADS = 96
"""More than `Timings.slots`, so that probes and removals never wait behind starts."""


class Blocking(Protocol):
    """Runs a blocking call elsewhere and waits for it. Cancelling the wait does not stop the call."""

    def __call__(self, call: Callable[[], _T]) -> Awaitable[_T]: ...


class Threads:
    """Blocking calls in a pool of threads."""

    def __init__(self, size: int = DRIVER_THREADS) -> None:
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="driver")

    async def __call__(self, call: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def close(self) -> None:
        """Wait for nobody: a hanging platform call must not keep the agent from stopping."""
        self._pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class Runtime:
    """`monotonic` is read in driver threads too; everything else is used on the event loop only."""

    blocking: Blocking
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: random.Random = field(default_factory=random.Random)
    new_id: Callable[[], str] = lambda: str(uuid.uuid4())

    async def wait(self, *events: asyncio.Event, most: float) -> bool:
        """Wait for any of the events, but not longer than `most` seconds. Whether one is set."""
        waiting = [asyncio.ensure_future(event.wait()) for event in events]
        sleeping = asyncio.ensure_future(self.sleep(most))
        try:
            await asyncio.wait({sleeping, *waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (sleeping, *waiting):
                each.cancel()
        return any(event.is_set() for event in events)

    async def settled(self, work: "asyncio.Future[_T]", *, most: float) -> bool:
        """Wait for the work, but not longer than `most` seconds, and without cancelling it. Whether it is
        done."""
        done = asyncio.Event()
        work.add_done_callback(lambda _: done.set())
        return work.done() or await self.wait(done, most=most)

    def jittered(self, seconds: float) -> float:
        """Between half and all of it, so that agents which failed together do not return together."""
        return seconds * (0.5 + self.chance.random() / 2)


class Backoff:
    """Doubling pauses, with jitter, from `first` up to `most` seconds."""

    def __init__(self, runtime: Runtime, *, first: float, most: float) -> None:
        self._runtime = runtime
        self._first = first
        self._most = most
        self._next = first

    def reset(self) -> None:
        self._next = self._first

    def pause(self) -> float:
        """How long to wait this time; never 0."""
        now, self._next = self._next, min(self._most, self._next * 2)
        return self._runtime.jittered(now)
