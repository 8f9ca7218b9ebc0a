"""The clock of agents' calls, set forward: signatures, keys, heartbeats and who is heard from go by it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core.clock import utc_now
from tests.support.fake_agent import FakeAgent


@contextmanager
def later(control_plane: Any, seconds: float, *agents: FakeAgent) -> Iterator[None]:
    """So many seconds from now, for the control plane and for the clocks of these agents."""
    offset = timedelta(seconds=seconds)

    def clock() -> datetime:
        return utc_now() + offset

    wound = (control_plane.agents, control_plane.controllers)
    for each in wound:
        object.__setattr__(each, "clock", clock)  # frozen, as it should be but here
    for agent in agents:
        agent.skew += offset
    try:
        yield
    finally:
        for each in wound:
            object.__setattr__(each, "clock", utc_now)
        for agent in agents:
            agent.skew -= offset
