"""The control plane's clock, as well as it is known here: the local one plus the offset last heard of."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    """The machine's own clock."""
    return datetime.now(UTC)


class ServerClock:
    """`now()` is what signatures and inventories are dated with."""

    def __init__(self, local: Callable[[], datetime] = utc_now) -> None:
        self._local = local
        self._offset = timedelta(0)

    @property
    def offset(self) -> timedelta:
        return self._offset

    def now(self) -> datetime:
        return self._local() + self._offset

    def heard(self, server_time: datetime) -> None:
        """An answer said what time it is there. Half a round trip of error does not matter against 300 s."""
        self._offset = server_time - self._local()
