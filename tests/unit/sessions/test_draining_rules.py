"""What a drain asks of a session, what a pause does to a lane, and what people are told meanwhile."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.commands.service import Lane, issue, resumed
from chalicelib.controllers.service import Candidate, ControllerState, Drain, DrainMode, Pause
from chalicelib.core.config import Timings
from chalicelib.protocol.commands import CommandKind
from chalicelib.protocol.instances import Reason
from chalicelib.sessions.attending import neglect
from chalicelib.sessions.draining import Step, drained, hibernated, moves, step
from chalicelib.sessions.entities import Session
from chalicelib.sessions.lifecycle import home
from chalicelib.sessions.placement import Need, choose, closed, why_not
from chalicelib.sessions.rules import Desired, State
from chalicelib.sessions.waiting import answered, delay, told
from tests.unit.sessions.builders import CONTROLLER, NOW, at, candidate, session, under_way

RETRY = timedelta(seconds=300)
DRAIN = Drain(DrainMode.MOVE, NOW, "usr-admin", "New disks")
PAUSE = Pause(at(3600), "Kernel")
FAILED = Reason(code="docker_error", message="It does not stop.")
DRAINING, PAUSED, LOST = ControllerState.DRAINING, ControllerState.PAUSED, ControllerState.LOST


def on(state: ControllerState = DRAINING, drain: Drain | None = DRAIN, **more: Any) -> Candidate:
    paused = PAUSE if state is PAUSED else None
    return replace(candidate("one", state, drain=drain, pause=paused, **more), paused=paused)


@pytest.mark.parametrize(
    ("of", "where", "expected"),
    [
        (under_way(State.STARTING, CommandKind.START, claimed=False), on(), Step.ELSEWHERE),
        (under_way(State.STARTING, CommandKind.START, claimed=False), on(LOST), Step.ELSEWHERE),
        (under_way(State.STARTING, CommandKind.START, claimed=False), on(PAUSED), Step.ELSEWHERE),
        (under_way(State.STARTING, CommandKind.START), on(), Step.WAIT),
        (under_way(State.WAKING, CommandKind.WAKE, claimed=False), on(), Step.WAIT),
        (session(), on(), Step.HIBERNATE),
        (session(), on(ControllerState.DEGRADED), Step.HIBERNATE),
        (session(), on(LOST), Step.WAIT),
        (session(), on(PAUSED), Step.WAIT),
        (session(reason=FAILED, changed_at=at(-299)), on(), Step.WAIT),
        (session(reason=FAILED, changed_at=at(-301)), on(), Step.HIBERNATE),
        (session(State.HIBERNATED), on(), Step.WAIT),
        (session(State.HIBERNATING), on(), Step.WAIT),
        (session(State.FAILED), on(), Step.WAIT),
        (session(State.TERMINATING), on(), Step.WAIT),
    ],
)
def test_what_a_drain_asks(of: Session, where: Candidate, expected: Step) -> None:
    assert step(of, where, NOW, retry=RETRY) is expected


def test_only_move_asks_anything() -> None:
    assert moves(on().controller)
    assert not moves(on(drain=replace(DRAIN, mode=DrainMode.FINISH)).controller)
    assert not moves(on(drain=None).controller)


def test_a_hibernation_is_in_the_name_of_who_drains() -> None:
    change = hibernated(session(), on().controller, NOW)
    assert (change.after.state, change.after.desired, change.after.generation) == (
        State.HIBERNATING, Desired.HIBERNATED, 2,
    )  # fmt: skip
    [entry] = change.entries
    assert entry.actor == "usr-admin"
    assert entry.reason is not None
    assert entry.reason.message == "The controller one is being drained (New disks)."
    assert drained(change.after)


LANES = st.builds(
    lambda since, deadline: issue(
        Lane(), CommandKind.START, at(since), None if deadline is None else at(deadline)
    ),
    st.integers(-5000, 5000),
    st.none() | st.integers(-5000, 9000),
)


@given(LANES, st.integers(-5000, 5000))
def test_a_pause_only_ever_gives_time(lane: Lane, end: int) -> None:
    after = resumed(lane, at(end), timedelta(seconds=900))
    assert lane.open is not None
    assert after.open is not None
    assert after.open.since == max(lane.open.since, at(end))
    if lane.open.deadline is None:
        assert after.open.deadline is None
    else:
        assert after.open.deadline is not None
        assert after.open.deadline >= lane.open.deadline
        assert after.open.deadline >= at(end + 900)
    assert resumed(after, at(end), timedelta(seconds=900)) == after
    assert (after.issued, after.fence, after.holder) == (lane.issued, lane.fence, lane.holder)


def test_a_pause_before_a_command_is_none_of_its_business() -> None:
    lane = issue(Lane(), CommandKind.START, NOW, at(900))
    assert resumed(lane, at(-1), timedelta(seconds=900)) == lane
    assert resumed(Lane(), NOW, timedelta(seconds=900)) == Lane()


def test_nobody_is_blamed_at_the_first_look_after_a_pause() -> None:
    unclaimed = under_way(State.STARTING, CommandKind.START, claimed=False)
    blamed = neglect(unclaimed, at(60), at(61), Timings())
    spared = neglect(unclaimed, at(60), at(61), Timings(), resumed=True)
    assert (blamed.lost, blamed.fresh) == (True, False)
    assert (spared.lost, spared.fresh) == (False, True)


def test_what_people_are_told() -> None:
    waits = delay(on(PAUSED))
    assert waits is not None
    assert waits.code == "controller_paused"
    assert waits.message == (
        "The controller one is paused until 2026-03-01 13:00 UTC (Kernel); this waits for it."
    )
    assert told(None, on(PAUSED)) == waits
    assert told(waits, on(LOST)) == delay(on(LOST))
    assert told(waits, on()) is None
    assert told(FAILED, on()) == FAILED
    put_to_rest = hibernated(session(), on().controller, NOW).after.reason
    assert told(put_to_rest, on(LOST)) == put_to_rest
    assert (answered(waits), answered(FAILED), answered(None)) == (None, FAILED, None)


@pytest.mark.parametrize(
    ("where", "code"),
    [(on(PAUSED), "paused"), (on(PAUSED, drain=None), "paused"), (on(), "draining"), (on(LOST), "offline")],
)
def test_verdicts(where: Candidate, code: str) -> None:
    need = Need(session().amount, home=where.controller.id)
    choice = choose([where], need)
    assert choice.chosen is None
    assert [each.code for each in choice.verdicts[0].reasons] == [code]
    reason = why_not(choice, need)
    assert reason.code == code
    assert reason.message.startswith("This session is bound to the controller one,")


def test_who_may_not_go_on_with_what_it_has() -> None:
    codes = [why and why.code for why in (closed(on(PAUSED)), closed(on()), closed(on(drain=None)))]
    assert codes == ["paused", "draining", None]
    assert closed(on(ControllerState.DRAINING, drain=None, cordoned=True)) is None


@pytest.mark.parametrize(
    ("of", "drain", "bound"),
    [
        (session(State.HIBERNATED), DRAIN, True),
        (session(State.HIBERNATED, persistent_home=False), DRAIN, False),
        (session(State.HIBERNATED, persistent_home=False), replace(DRAIN, mode=DrainMode.FINISH), True),
        (session(State.HIBERNATED, persistent_home=False), None, True),
        (session(State.FAILED), DRAIN, True),
        (session(State.FAILED, persistent_home=False), None, False),
        (session(State.FAILED, lane=Lane(issued=1)), None, False),
    ],
)
def test_where_a_session_is_bound_to(of: Session, drain: Drain | None, bound: bool) -> None:
    there = on(drain=drain)
    there = replace(there, controller=replace(there.controller, id=CONTROLLER))
    assert home(of, [candidate("another"), there]) == (CONTROLLER if bound else None)
