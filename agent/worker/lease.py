"""A claimed command's lease, measured on this machine's monotonic clock.

Counted from before the claim was asked for, so that it ends here before it ends in the control plane.
Shared with the driver's thread, which only reads.
"""

from collections.abc import Callable
from enum import Enum

from agent.drivers.base import Cancelled


class Why(Enum):
    """Why a command stops before it is done."""

    SUPERSEDED = "a newer generation won"
    STALE = "another owner has the session"
    LAPSED = "the lease could not be renewed"
    STOPPING = "the agent is stopping"


class Lease:
    """Valid until `margin` s before the end of what was granted, or until it is given up."""

    def __init__(
        self, monotonic: Callable[[], float], *, asked_at: float, seconds: float, margin: float
    ) -> None:
        self._monotonic = monotonic
        self._margin = margin
        self._until = asked_at + seconds - margin
        self._why: Why | None = None

    def extend(self, *, asked_at: float, seconds: float) -> None:
        """Renewed by a call that was sent at `asked_at`."""
        self._until = max(self._until, asked_at + seconds - self._margin)

    def give_up(self, why: Why) -> None:
        """No further step starts. The first reason stays."""
        if self._why is None:
            self._why = why

    @property
    def ended(self) -> Why | None:
        """Why no further step may start; None while one may."""
        if self._why is None and self._monotonic() >= self._until:
            return Why.LAPSED
        return self._why

    def left(self) -> float:
        """Seconds in which steps may still start; 0 when given up."""
        return 0.0 if self._why else max(0.0, self._until - self._monotonic())

    def check(self) -> None:
        """Raises Cancelled if no further step may start. Called by drivers between steps."""
        ended = self.ended
        if ended is not None:
            over = self._monotonic() >= self._until + self._margin
            raise Cancelled(ended.value, late=over or ended is Why.STALE)
