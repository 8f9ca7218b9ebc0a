"""What grows with the number of sessions grows no faster than it: counted, so it holds on any machine."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

import pytest

from agent.worker.timings import SLOTS
from chalicelib.protocol.agents import Remedy
from chalicelib.sessions import inventory
from tests.performance.bounds import commanding, crowd, reconciling, sweeping
from tests.performance.bounds.cost import Cost, growth, steeper
from tests.performance.bounds.looking import looks
from tests.performance.bounds.rig import Rig, control_plane

FEW, MANY = 100, 1000
MOST_SECONDS = 28
"""What a call through API Gateway has."""
MOST_BODY, MOST_ANSWER, MOST_ROW = 256 * 1024, 6 * 2**20, 400 * 1024
"""Ours, Lambda's, DynamoDB's."""


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    """Without hurry: how many slices there are must not depend on how busy this machine is."""
    unhurried = pytest.MonkeyPatch()
    unhurried.setattr(inventory, "_MOST_TIME", timedelta(hours=1))
    with control_plane() as found:
        yield found
    unhurried.undo()


def _counted(few: Cost, many: Cost, times: int = MANY // FEW) -> dict[str, float]:
    ratios = growth(few, 1, many, times)
    del ratios["cpu_seconds"]
    return ratios


@pytest.mark.feature("Comparing what runs on a machine costs no more for each of 1,000 sessions than of 100")
@pytest.mark.parametrize("case", reconciling.CASES)
def test_what_an_inventory_costs_is_linear(rig: Rig, case: str) -> None:
    few, many = (reconciling.compared(rig, case, count) for count in (FEW, MANY))
    ratios = _counted(few.cost, many.cost)
    assert steeper(ratios) == [], ratios
    assert many.largest_request < MOST_BODY
    assert many.largest_answer < MOST_ANSWER / 10
    assert many.suspects_row < MOST_ROW / 4
    assert many.cost.calls <= 1 + MANY / 100
    asked = {"wanted": [Remedy.ADOPT], "orphans": [Remedy.REMOVE], "missing": []}
    assert [each.remedy for each in many.actions] == asked[case] * MANY


def test_everything_that_is_missing_failed_and_gave_back_what_it_had(rig: Rig) -> None:
    desk = rig.desk()
    ids = crowd.running(desk, 250)
    assert desk.drift() == []
    assert reconciling.report(desk, []).cost.calls > 1
    assert {desk.stored(each).state.value for each in ids} == {"failed"}
    assert desk.drift() == []


def test_a_sweep_is_linear_in_what_is_due(rig: Rig) -> None:
    ratios = _counted(sweeping.swept(rig, FEW), sweeping.swept(rig, 5 * FEW), 5)
    assert ratios, "nothing was counted"
    assert steeper(ratios) == [], ratios


def test_an_agents_own_looks_go_through_what_is_there_a_fixed_number_of_times() -> None:
    few, many = asdict(looks(FEW)), asdict(looks(MANY))
    times = {name: shown / FEW for name, shown in few.items() if name.endswith("_shown")}
    assert {name: many[name] / MANY for name in times} == times
    assert times == {"heartbeat_shown": 2, "watch_shown": 1, "inventory_shown": 1}


def test_what_a_command_costs_does_not_depend_on_how_many_there_are(rig: Rig) -> None:
    few, many = commanding.commanded(rig, 5), commanding.commanded(rig, 50)
    assert many.calls["result"] == 50
    assert 50 <= many.calls["claim"] <= 60, "a reference may come twice on a busy machine"
    assert many.calls["status"] <= 100, "at most one for each stage of a start"
    assert many.cost.queue_calls <= 3 * 50 + 10, "sent, received (ten at a time at best), deleted"
    ratios = _counted(few.cost, many.cost)
    del ratios["queue_calls"]  # how many one receive brings is a matter of moments; bounded above
    assert steeper(ratios) == [], ratios


@pytest.mark.feature("An agent takes on a bounded number of commands at once and leaves the rest to others")
def test_an_agent_takes_on_what_it_has_slots_for(rig: Rig) -> None:
    found = commanding.crowded(rig)
    assert (found.taken, found.left, found.done) == (SLOTS, 36, SLOTS + 36)
