"""The intervals of a run: the product's own, some of them shorter or longer, so that runs differ."""

from dataclasses import replace
from random import Random

from agent.worker.timings import Timings as AgentTimings
from chalicelib.core.config import Timings


def of_plane(shape: Random, deadline: Random) -> Timings:
    """Of the control plane. `deadline` is apart, as each kind of luck is."""
    lease = shape.choice((120.0, 120.0, 60.0))
    return replace(
        Timings(),
        lease=lease,
        renew=lease / 3,
        inventory=shape.choice((60.0, 60.0, 120.0)),
        heartbeat_idle=shape.choice((60.0, 60.0, 300.0)),
        heartbeat_busy=shape.choice((30.0, 30.0, 10.0)),
        drain_retry=60.0,
        # Shorter than some agents are away.
        command_deadline=deadline.choice((900.0, 240.0, 100.0)),
        queue_credentials=900.0,
        key_rotation=shape.choice((120.0, 400.0, 30 * 86400.0)),
        key_overlap=shape.choice((60.0, 3600.0)),
    )


def of_agents(shape: Random) -> AgentTimings:
    """Of every agent."""
    return replace(AgentTimings(), watch=shape.choice((5.0, 15.0, 15.0)), look=5.0)
