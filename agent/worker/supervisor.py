"""Keeps the loops running: one that crashes is started again after a pause; a fatal refusal ends them all."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from agent.client import errors
from agent.worker.runtime import Backoff, Runtime
from agent.worker.timings import Timings

_log = logging.getLogger(__name__)

Loop = Callable[[], Awaitable[None]]


class Supervisor:
    """Loops by name. `ended` is set when a fatal refusal came; `fatal` says which."""

    def __init__(self, *, runtime: Runtime, timings: Timings) -> None:
        self._runtime = runtime
        self._timings = timings
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.fatal: errors.Fatal | None = None
        self.ended = asyncio.Event()

    def start(self, name: str, loop: Loop) -> None:
        """Run it until it is stopped."""
        self._tasks[name] = asyncio.create_task(self._keep(name, loop), name=name)

    async def stop(self, name: str) -> None:
        """End that loop and wait until it has."""
        task = self._tasks.pop(name, None)
        if task is None:
            return
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def stop_all(self) -> None:
        for name in tuple(self._tasks):
            await self.stop(name)

    async def _keep(self, name: str, loop: Loop) -> None:
        backoff = Backoff(self._runtime, first=self._timings.first_retry, most=self._timings.most_retry)
        while True:
            try:
                await loop()
                _log.error("The %s loop returned; starting it again.", name)
            except Exception as error:
                fatal = fatal_within(error)
                if fatal is not None:
                    self._end(fatal)
                    return
                _log.exception("The %s loop crashed; starting it again.", name)
            await self._runtime.sleep(backoff.pause())

    def _end(self, fatal: errors.Fatal) -> None:
        if self.fatal is None:
            self.fatal = fatal
        self.ended.set()


def fatal_within(error: BaseException) -> errors.Fatal | None:
    """The fatal refusal that this error is or that its group contains."""
    if isinstance(error, errors.Fatal):
        return error
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            if (found := fatal_within(each)) is not None:
                return found
    return None
