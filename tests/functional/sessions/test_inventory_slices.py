"""Inventories that one call cannot deal with."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.clock import utc_now
from chalicelib.protocol.agents import InventoryAnswer, InventoryReport
from chalicelib.sessions import inventory, slicing
from tests.support.desk import Desk

UNKNOWN = [f"ses-01kb00000000000000000z{number:04d}" for number in range(6)]
AFTER = 60.0
SMALL = {"cpu": "100m", "memory": "64Mi"}


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "_AT_ONCE", 2)
    monkeypatch.setattr(inventory, "_MOST_CHANGES", 3)


def tell(desk: Desk, seen: list[str], *, began: float = AFTER, **slice_: Any) -> InventoryAnswer:
    """One call of an inventory that began so many seconds from now."""
    report = InventoryReport.model_validate(
        {
            "epoch": desk.agent.epoch,
            "started_at": utc_now() + timedelta(seconds=began),
            "instances": [
                {"tenant_id": desk.tenant.id, "session_id": each, "incarnation": 1, "state": "running"}
                for each in seen
            ],
            **slice_,
        }
    )
    caller = desk.caller()
    answer: InventoryAnswer = desk.later(began + 1).inventories.compare(caller, report)
    return answer


def all_of(desk: Desk, seen: list[str], *, began: float = AFTER) -> tuple[list[tuple[str, str]], int]:
    """As an agent goes on until all was compared: the actions, and how many calls it took."""
    actions, calls, come = [], 0, None
    while True:
        rest = [each for each in seen if come is None or each > come]
        answer = tell(desk, rest, began=began, after=come)
        calls += 1
        actions += [(str(each.remedy), each.session_id) for each in answer.actions]
        if answer.compared_until is None:
            return actions, calls
        assert come is None or answer.compared_until > come
        come = answer.compared_until


def states(desk: Desk, ids: list[str]) -> set[str]:
    return {desk.view(each)["state"] for each in ids}


@pytest.mark.feature("However many sessions a machine holds, no report of it outgrows a request")
def test_when_everything_is_missing_all_of_it_fails_slice_by_slice(desk: Desk) -> None:
    running = sorted(desk.running(resources=SMALL) for _ in range(7))
    first = tell(desk, [])
    assert first.compared_until == running[3]
    assert (states(desk, running[:4]), states(desk, running[4:])) == ({"failed"}, {"running"})
    again = tell(desk, [], began=AFTER + 300)  # from the start, as an agent does that knows of no slices
    assert again.compared_until is None
    assert states(desk, running) == {"failed"}
    assert desk.drift() == []


def test_a_slow_store_makes_a_call_shorter(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    running = sorted(desk.running(resources=SMALL) for _ in range(5))
    monkeypatch.setattr(inventory, "_MOST_TIME", timedelta(0))
    assert all_of(desk, running) == ([("adopt", each) for each in running], 3)


def test_a_missing_session_between_two_slices_is_not_overlooked(desk: Desk) -> None:
    running = sorted(desk.running(resources=SMALL) for _ in range(5))
    half = tell(desk, [running[0]], until=running[1])
    assert (half.compared_until, states(desk, running[1:2])) == (None, {"failed"})
    assert states(desk, running[2:]) == {"running"}, "the slice said nothing about these"
    rest = tell(desk, [running[4]], after=running[1])
    assert [each.session_id for each in rest.actions] == [running[4]]
    assert states(desk, running[2:4]) == {"failed"}


def test_an_inventory_that_is_sent_twice_is_one(desk: Desk) -> None:
    """Its answer was lost. Times are stored in milliseconds, and agents may be more exact."""
    began = (utc_now() + timedelta(seconds=AFTER)).replace(microsecond=123_456)
    for _ in range(3):
        assert tell(desk, UNKNOWN[:1], started_at=began).actions == ()
    second = tell(desk, UNKNOWN[:1], started_at=began + timedelta(seconds=0.5))
    assert [each.session_id for each in second.actions] == UNKNOWN[:1]


def test_a_slice_that_ends_before_it_begins_says_nothing(desk: Desk) -> None:
    first, last = sorted(desk.running(resources=SMALL) for _ in range(2))
    answer = tell(desk, [], after=last, until=first)
    assert (answer.actions, answer.compared_until, states(desk, [first, last])) == ((), None, {"running"})


def test_whatever_is_wanted_is_adopted_once_however_many_calls_it_takes(desk: Desk) -> None:
    running = sorted(desk.running(resources=SMALL) for _ in range(9))
    assert all_of(desk, running) == ([("adopt", each) for each in running], 1)
    lost = running[::2]
    actions, calls = all_of(desk, running[1::2], began=AFTER + 300)
    assert actions == [("adopt", each) for each in running[1::2]]
    assert calls > 1
    assert (states(desk, lost), states(desk, running[1::2])) == ({"failed"}, {"running"})


def test_what_waits_is_sent_again_slice_by_slice(desk: Desk) -> None:
    waiting = sorted(desk.launch()["id"] for _ in range(7))
    desk.messages()
    _, calls = all_of(desk, [], began=30)
    assert calls > 1
    assert sorted(each["session_id"] for each in desk.messages()) == waiting


def test_a_crowd_of_orphans_goes_by_and_by(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row that remembers suspects holds a bounded number of them."""
    monkeypatch.setattr(slicing, "SUSPECTS", 2)
    there, passes = list(UNKNOWN), 0
    while there:
        passes += 1
        actions, _ = all_of(desk, there, began=AFTER + 300 * passes)
        there = [each for each in there if ("remove", each) not in actions]
        known = desk.app.sessions.suspects.suspects(desk.tenant.id, desk.agent.controller_id)
        assert len(known) <= 2
    assert passes == 6, "two for each pair: once to suspect, once to be sure"
