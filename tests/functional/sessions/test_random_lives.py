"""Whatever users, agents, queues and crashes do: everything comes to rest, and the books are right.

A first, small form of the simulation that issue 4 asks for, on the real store.
"""

import os
import random
from itertools import pairwise

import pytest

from chalicelib.quotas.service import Amount
from chalicelib.sessions.rules import TRANSITIONS, Cause, State
from tests.support.desk import Desk
from tests.support.random_world import RandomWorld

SEEDS = int(os.environ.get("STREAMSPACE_RANDOM_LIVES", "4"))
STEPS = 120


@pytest.mark.feature("Lost, late and repeated messages and crashes leave no session stuck")
@pytest.mark.parametrize("seed", range(SEEDS))
def test_everything_comes_to_rest(desk: Desk, seed: int) -> None:
    world = RandomWorld(desk, random.Random(seed))
    happened = [world.step() for _ in range(STEPS)]
    world.settle()
    world.confirm()

    for session in world.sessions():
        assert session.lane.idle, (session, happened)
        held = world.instances.get(session.id)
        if session.state is State.RUNNING:
            assert held == (session.incarnation, "running"), (session, happened)
        elif session.state is State.HIBERNATED:
            assert held is None or held == (session.incarnation, "stopped"), (session, happened)
        else:
            assert session.state in (State.FAILED, State.TERMINATED, State.PENDING)
            assert held is None, (session, happened)
        if session.state is State.FAILED:
            assert session.booked.on_a_controller == Amount(), (session, happened)
        if session.state is State.TERMINATED:
            assert session.booked == Amount(), (session, happened)
        if session.state is State.TERMINATED and session.delete_home:
            assert session.id not in world.homes, (session, happened)
        walk = desk.timeline(session.id)
        for (_, reached, _), (left, target, cause) in pairwise(walk):
            assert left == reached
            assert TRANSITIONS[State(left)][Cause(cause)] == target
        assert walk[-1][1] == session.state
    assert desk.drift() == []
    world.end()
    assert {quota.used for quota in desk.app.quotas.recorded(desk.tenant.id)} == {Amount()}, happened
    assert desk.booked()["sessions"] == 0
