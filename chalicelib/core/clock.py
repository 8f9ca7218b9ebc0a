"""Time as something that is passed in. Rules take `now`; services take a `Clock`."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present, in UTC."""


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


def epoch_millis(moment: datetime) -> int:
    """Milliseconds since 1970, as rows store time."""
    return int(moment.timestamp() * 1000)


def from_millis(value: int) -> datetime:
    """The inverse of `epoch_millis`."""
    return datetime.fromtimestamp(value / 1000, UTC)
