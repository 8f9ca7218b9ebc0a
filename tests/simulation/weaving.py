"""Synchronous code that others run between: each call is a greenlet, which goes back to the loop wherever it
waits.

The pattern is that of SQLAlchemy's `greenlet_spawn` and `await_only`; here a wait always means virtual time.
"""

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

from tests.simulation.loop import Process, VirtualLoop

T = TypeVar("T")


class Weaver:
    """Starts calls on one loop. `pause` and `park` are for the code inside them."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._hub = getcurrent()

    @property
    def inside(self) -> bool:
        """Whether whoever asks is such a call."""
        return getcurrent() is not self._hub

    def start(self, process: Process, call: Callable[[], T]) -> "asyncio.Future[T]":
        """Run it as a part of that process. If the process dies first, the future stays open for ever."""
        future: asyncio.Future[T] = self._loop.create_future()

        def body() -> None:
            try:
                result = call()
            except Exception as error:
                if not future.cancelled():
                    future.set_exception(error)
            else:
                if not future.cancelled():
                    future.set_result(result)

        thread = greenlet(body, parent=self._hub)
        thread.gr_context = process.context.copy()
        process.kept.append(thread)
        self._loop.call_soon(thread.switch, context=process.context)
        return future

    def pause(self, seconds: float) -> None:
        """Let others run for so long."""
        self._loop.call_later(seconds, getcurrent().switch)
        self._hub.switch()

    def wait(self, begin: Callable[[Callable[[], None]], None]) -> None:
        """Let others run until what `begin` was given is called: by anybody, at most once."""
        me: Any = getcurrent()
        context = contextvars.copy_context()

        def go_on() -> None:
            self._loop.call_soon(me.switch, context=context)

        begin(go_on)
        self._hub.switch()

    def park(self) -> None:
        """Never go on: the process has just died."""
        self._hub.switch()
