"""Starting over after a lost race."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from chalicelib.core.errors import Unavailable
from chalicelib.core.unit_of_work import ConditionFailed

T = TypeVar("T")


def pause(attempt: int, *, base: float = 0.01, ceiling: float = 0.5) -> float:
    """Full jitter: uniform between zero and an exponentially growing bound, in seconds."""
    return random.uniform(0, min(ceiling, base * 2**attempt))  # noqa: S311 - spreading load, not a secret


def rest(seconds: float) -> None:
    """Wait, by the `time` that is here when it is called: a simulation puts its own in its place."""
    time.sleep(seconds)


def on_conflict(attempt: Callable[[], T], *, times: int = 12, sleep: Callable[[float], None] = rest) -> T:
    """Run a read-decide-write use case again while others win the race for its rows.

    Raises Unavailable when it never wins, which takes a row far hotter than any of ours.
    """
    for number in range(times):
        try:
            return attempt()
        except ConditionFailed:
            sleep(pause(number))
    raise Unavailable("Too many others are changing this at once. Please try again.", retry_after=1)
