"""An event loop whose time jumps to the next thing that happens, and processes that can die on it.

Everything runs on one loop. Who something belongs to travels in its context, as tasks and callbacks inherit
it; when a process dies, what it still had to do is dropped unrun: no `finally`, as after `kill -9`.
"""

import asyncio
import contextvars
import heapq
import inspect
import itertools
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any


class Stuck(Exception):
    """Nothing is left to happen, and yet somebody waits."""


class Process:
    """Something that can die between any two steps, or be stopped for a while (a paused virtual machine)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.stalled_until = 0.0
        self.cut_between = (0.0, 0.0)
        """When its own calls do not get through."""
        self.kept: list[Any] = []
        """Tasks and greenlets, kept so that none of them is ever collected, and so unwound, half way."""
        self.context = contextvars.copy_context()
        self.context.run(PROCESS.set, self)

    def die(self) -> None:
        self.alive = False


PROCESS: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)


class _Task(asyncio.Task[Any]):
    """Hashed by number, so that sets of tasks have the same order in every run."""

    _numbers = itertools.count()

    def __init__(self, *args: Any, **more: Any) -> None:
        self._number = next(_Task._numbers)
        super().__init__(*args, **more)

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


class VirtualLoop(asyncio.BaseEventLoop):
    """`time()` starts at 0. `failed` is called with what nobody caught."""

    def __init__(self, failed: Callable[[str], None]) -> None:
        super().__init__()
        self._now = 0.0
        self._order = itertools.count()
        self._later: list[tuple[float, int, asyncio.Handle]] = []
        self._soon: deque[asyncio.Handle] = deque()
        self._over = False
        _Task._numbers = itertools.count()
        self.set_task_factory(self._make_task)
        self.set_exception_handler(lambda _, context: self._uncaught(context, failed))

    def time(self) -> float:
        return self._now

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._soon.append(handle)
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._later, (when, next(self._order), handle))
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + max(0.0, delay), callback, *args, context=context)

    def spawn(self, process: Process, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task of that process."""
        return self.create_task(work, context=process.context)

    def end(self) -> None:
        """Nothing runs any more, and what is unwound now has no effect."""
        self._over = True
        self._soon.clear()
        self._later.clear()
        for task in asyncio.all_tasks(self):
            work: Any = task.get_coro()
            if inspect.getcoroutinestate(work) == inspect.CORO_CREATED:
                work.close()  # or Python says that nobody awaited it

    def _run_once(self) -> None:
        if self._soon:
            handle = self._soon.popleft()
        elif self._later:
            when, _, handle = heapq.heappop(self._later)
            self._now = max(self._now, when)
        else:
            raise Stuck
        if handle._cancelled or self._over:
            return
        process = handle._context.get(PROCESS)  # type: ignore[attr-defined]
        if process is not None:
            if not process.alive:
                process.kept.append(handle)
                return
            if process.stalled_until > self._now:
                heapq.heappush(self._later, (process.stalled_until, next(self._order), handle))
                return
        handle._run()

    def _make_task(
        self, loop: asyncio.AbstractEventLoop, work: Any, context: contextvars.Context | None = None
    ) -> asyncio.Task[Any]:
        task = _Task(work, loop=loop, context=context)
        process = (context or contextvars.copy_context()).get(PROCESS)
        if process is not None:
            process.kept.append(task)
            if len(process.kept) > 400:
                process.kept = [each for each in process.kept if not _over(each)]
        return task

    def _uncaught(self, context: dict[str, Any], failed: Callable[[str], None]) -> None:
        error = context.get("exception")
        if error is not None and not self._over:
            failed(f"{context.get('message')}: {error!r}")

    def _process_events(self, event_list: Any) -> None:
        """There is no outside."""

    def _write_to_self(self) -> None:
        """Nor another thread."""


def _over(each: Any) -> bool:
    """Whether a task or greenlet has ended, so that it need not be kept."""
    done = getattr(each, "done", None)
    return bool(done()) if done is not None else bool(getattr(each, "dead", False))
