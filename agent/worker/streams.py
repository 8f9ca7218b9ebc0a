"""What the worker wants to know of the stream plane, and what it says while there is none."""

from typing import Protocol

from agent.worker.health import OK
from chalicelib.protocol.agents import PartHealth, SessionActivity


class Streams(Protocol):
    """The gateway as the heartbeat sees it."""

    def activity(self) -> tuple[SessionActivity, ...]: ...

    def health(self) -> PartHealth: ...


class NoStreams:
    """For agents that stream nothing (tests, simulations)."""

    def activity(self) -> tuple[SessionActivity, ...]:
        return ()

    def health(self) -> PartHealth:
        return OK
