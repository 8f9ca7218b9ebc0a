"""The control plane's clock, as well as it is known here: the local one plus the offset last heard of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    """The machine's own clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Moment:
    """When something began, by the corrected clock as it was then and by the monotonic one."""

    wall: datetime
    monotonic: float


class ServerClock:
    """`now()` is what signatures are dated with."""

    def __init__(self, local: Callable[[], datetime] = utc_now) -> None:
        self._local = local
        self._offset = timedelta(0)

    @property
    def offset(self) -> timedelta:
        return self._offset

    def now(self) -> datetime:
        return self._local() + self._offset

    def moment(self, monotonic: float) -> Moment:
        """This one."""
        return Moment(self.now(), monotonic)

    def at(self, begun: Moment, monotonic: float) -> datetime:
        """When that was, never too late: the clock may have been corrected since, and the monotonic one stood
        still if the machine slept, so the earlier of both answers."""
        return min(begun.wall, self.now() - timedelta(seconds=monotonic - begun.monotonic))

    def heard(self, server_time: datetime) -> None:
        """An answer said what time it is there. Half a round trip of error does not matter against 300 s."""
        self._offset = server_time - self._local()
