"""The driver contract: what a platform must be able to do, and what may be relied on after a crash.

Every call is idempotent: "already there" and "already gone" are successes. Calls for one session never
overlap (the worker sees to it); calls for different sessions do. A driver identifies its objects by labels
alone and never touches one that does not carry its own controller's label. Nothing is kept in memory that
could not be read back from the platform, so a new process may go on where a dead one stopped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chalicelib.protocol.agents import Backend, Capacity
from chalicelib.protocol.instances import InstanceFacts, InstanceSpec, Progress, Reason, Stage


class DriverError(Exception):
    """An operation did not succeed. `reason` is shown to the user as it is."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"{reason.code}: {reason.message}")
        self.reason = reason


class PermanentError(DriverError):
    """Trying again cannot help (no such image, more memory than the host has)."""


class TemporaryError(DriverError):
    """Trying again may help (the platform does not answer, a registry timed out)."""


class Cancelled(Exception):
    """Raised by a `Progressing` callback; the driver lets it through and leaves no half-made object that
    its own `remove` would not find.

    `late`: somebody else has the session, or may have it, because the lease itself is over and not only its
    margin (a process that was frozen). What is there may be theirs, so nothing is cleaned up; the inventory
    finds what is too much."""

    def __init__(self, why: str = "", *, late: bool = False) -> None:
        super().__init__(why)
        self.late = late


@dataclass(frozen=True)
class Step:
    """One step of a start, as it begins or moves on. `progress` only while pulling."""

    stage: Stage
    progress: Progress | None = None


Progressing = Callable[[Step], None]
"""Called before each step and as it progresses; raises `Cancelled` when the command was superseded or its
lease is about to run out. Cheap and safe to call often (the worker coalesces)."""


def lost(error: BaseException, progressing: Progressing) -> bool:
    """Whether what a start that ended with this error has left may be somebody else's by now, so that it may
    not clean up. A platform's call may have failed so late that the lease is over, which only `progressing`
    knows."""
    if isinstance(error, Cancelled):
        return error.late
    try:
        progressing(Step(Stage.CONNECTING))
    except Cancelled as ended:
        return ended.late
    return False


@dataclass(frozen=True)
class Endpoint:
    """Where the gateway reaches an instance: a unix socket, or a TCP address on a private network."""

    socket_path: str | None = None
    host: str | None = None
    port: int | None = None
    password: str | None = None
    """VNC password for RFB; None for HTTP."""
    incarnation: int | None = None
    """Which instance answers there, so that a ticket for an earlier one opens nothing; None: not known."""


@dataclass(frozen=True)
class Inventory:
    """All instances and homes that carry the controller's own label."""

    instances: tuple[InstanceFacts, ...]
    homes: tuple[str, ...]
    """Session ids whose home exists."""


@dataclass(frozen=True)
class Ended:
    """An instance ended without being asked to."""

    facts: InstanceFacts
    reason: Reason


class Driver(Protocol):
    """One platform, serving one controller. Methods block; the worker runs them in threads."""

    platform: str

    def backend(self) -> Backend:
        """Who the platform is. Raises TemporaryError while it does not answer."""

    def capacity(self) -> Capacity:
        """All that sessions may use, not what is free. Raises TemporaryError while it does not answer."""

    def usage(self) -> Capacity:
        """What running instances of this controller have booked (their limits, not their load)."""

    def load(self) -> Capacity | None:
        """What running instances use at this moment; None where the platform does not measure it, which is
        what a driver inherits. Comes with each heartbeat, so it is quick; a DriverError counts as None."""
        return None

    def start(self, spec: InstanceSpec, progressing: Progressing) -> None:
        """Make the instance run and answer its protocol.

        Steps: pulling (only if the image is absent), creating, connecting. Returns after a real handshake
        (RFB version exchange, HTTP 2xx/3xx), never on "container up". An instance of the same incarnation
        that already runs is kept; a stopped one is started; remnants of older incarnations are removed
        first; where a newer one exists the call fails with `superseded` and touches nothing. On failure or
        cancellation nothing is left behind but the home, with two exceptions: an instance that ran before
        the call survives its cancellation, since the intent that won decides over it; and a cancellation
        that comes late touches nothing.

        Raises PermanentError or TemporaryError with codes such as `image_not_found`, `image_pull_failed`,
        `insufficient_memory`, `instance_exited` (with the last lines it printed), `handshake_timeout`,
        `platform_unavailable`, `no_space`, `network_unprotected` (the host could not be closed to it).
        """

    def stop(self, session_id: str) -> None:
        """Hibernate: the instance no longer uses CPU or memory; its home is kept. No instance: a success."""

    def remove(self, session_id: str, *, delete_home: bool, before_incarnation: int | None = None) -> None:
        """Remove instance, network, socket and secrets of every incarnation (or only those below
        `before_incarnation`); the home only if asked for."""

    def inventory(self) -> Inventory:
        """What exists now, running or not."""

    def endpoint(self, session_id: str) -> Endpoint | None:
        """Where a running instance answers; None if it does not run."""

    def logs(self, session_id: str, lines: int) -> tuple[str, ...] | None:
        """What the session's newest instance printed last, oldest first, at most so many lines; of one that
        does not run any more too, where the platform keeps that. None if there is nothing to read from."""

    def ended(self) -> tuple[Ended, ...]:
        """Instances that ended by themselves since they were started and still exist. Level-triggered:
        the same answer until they are started, stopped or removed. One whose start is under way may appear
        here for a moment; that start will say so itself."""

    def close(self) -> None:
        """Release connections; instances go on running."""
