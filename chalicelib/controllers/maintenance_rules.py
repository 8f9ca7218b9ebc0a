"""What an administrator asks of a whole controller: to empty it, or to leave it alone for a while. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

RETRY_CEILING = 60
"""Seconds after which an agent asks again at the latest: a pause may be ended early."""


class DrainMode(StrEnum):
    """`finish`: what runs goes on until its people end it. `move`: what runs is hibernated, and starts that
    no agent has claimed are placed elsewhere."""

    FINISH = "finish"
    MOVE = "move"


@dataclass(frozen=True)
class Drain:
    """No new sessions until it is taken back. `by` is who asked for it as it is now."""

    mode: DrainMode
    since: datetime
    by: str
    reason: str | None = None


@dataclass(frozen=True)
class Pause:
    """Maintenance until a moment. It is over by the clock, and stays on record: time that ran while it was on
    counts against nobody."""

    until: datetime
    reason: str | None = None

    def on(self, now: datetime) -> bool:
        """Whether it is in force."""
        return now < self.until

    def ask_again(self, now: datetime) -> int:
        """Whole seconds after which a refused claim is worth repeating."""
        left = (self.until - now).total_seconds()
        return max(1, min(RETRY_CEILING, int(left) + 1))


def paused_words(pause: Pause) -> str:
    """What people are told that a paused controller is."""
    return f"paused until {pause.until:%Y-%m-%d %H:%M} UTC{_because(pause.reason)}"


def drained_words(drain: Drain) -> str:
    """What people are told that a drained controller is."""
    return f"being drained{_because(drain.reason)}"


def _because(reason: str | None) -> str:
    return f" ({reason})" if reason else ""
