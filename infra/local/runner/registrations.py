"""The app's own registrations, as small values."""

import contextlib
import importlib
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from chalice.app import (
    DynamoDBEventConfig,
    ScheduledEventConfig,
    ScheduleExpression,
    SQSEventConfig,
)

from infra.local.server.gateway import context

Function = Callable[[dict[str, Any]], Any]
_RATE = re.compile(r"^rate\((\d+) (minute|hour|day)s?\)$")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


@dataclass(frozen=True)
class Schedule:
    name: str
    seconds: float
    function: Function


@dataclass(frozen=True)
class Stream:
    """A function fed from one table's changes."""

    name: str
    table: str
    batch_size: int
    function: Function


@dataclass(frozen=True)
class Queue:
    name: str
    queue: str
    batch_size: int
    function: Function


Registration = Schedule | Stream | Queue


def registrations(app: Any) -> list[Registration]:
    """Raises TypeError for a kind of trigger that is not run here: it would silently never fire."""
    return [_read(config) for config in app.event_sources]


def _read(config: Any) -> Registration:
    if not isinstance(config, ScheduledEventConfig | DynamoDBEventConfig | SQSEventConfig):
        raise TypeError(f"{config.name}: {type(config).__name__} is not run by the local stack")
    function = _entry_point(config.handler_string)
    if isinstance(config, ScheduledEventConfig):
        return Schedule(config.name, seconds(config.schedule_expression), function)
    if isinstance(config, DynamoDBEventConfig):
        return Stream(config.name, table_of(config.stream_arn), config.batch_size, function)
    queue = config.queue or str(config.queue_arn).rpartition(":")[2]
    return Queue(config.name, queue, config.batch_size, function)


def seconds(expression: str | ScheduleExpression) -> float:
    """Of a `rate(…)`."""
    text = expression if isinstance(expression, str) else expression.to_string()
    match = _RATE.match(text)
    if match is None:
        raise ValueError(f"only rate(…) schedules are run here, not {text}")
    return int(match[1]) * _SECONDS[match[2]]


def table_of(stream_arn: str) -> str:
    """The table's name in the ARN of a stream (whose label is unknown before the table exists)."""
    match = re.search(r"table/([^/]+)", stream_arn)
    if match is None:
        raise ValueError(f"{stream_arn} names no table")
    return match[1]


class _Calls:
    """How many functions run now, so that a stop can wait for them and for nothing else."""

    def __init__(self) -> None:
        self._running = 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        with self._changed:
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Until none runs, or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: not self._running, seconds)


calls = _Calls()


def _entry_point(handler_string: str) -> Function:
    module, _, name = handler_string.rpartition(".")
    handler = getattr(importlib.import_module(module), name)

    def function(event: dict[str, Any]) -> Any:
        with calls.one():
            return handler(event, context(name))

    return function
