"""Waiting for an instance to answer, in small steps, without missing that it died or is no longer wanted."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from agent.drivers.base import PermanentError
from chalicelib.protocol.instances import Reason


@dataclass(frozen=True)
class Patience:
    """Seconds. `probe` grows to `slowest`, since most instances answer within 200 ms (measured.md)."""

    answer: float = 45.0
    check: float = 0.2
    probe: float = 0.005
    slowest: float = 0.1


def wait_for_answer(
    answers: Callable[[], bool],
    check: Callable[[], None],
    patience: Patience,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return once `answers()`. `check` is called every now and then, and raises to end the wait.

    Raises PermanentError `handshake_timeout`.
    """
    started = clock()
    checked, pause = started, patience.probe
    while not answers():
        now = clock()
        if now - checked >= patience.check:
            check()
            checked = now
        if now - started >= patience.answer:
            raise PermanentError(
                Reason(
                    code="handshake_timeout",
                    message=f"The instance runs but did not answer within {patience.answer:.0f} seconds.",
                )
            )
        sleep(pause)
        pause = min(pause * 1.2, patience.slowest)
