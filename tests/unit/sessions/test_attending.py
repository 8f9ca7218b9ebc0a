"""What the sweeper does for a session that is due."""

from datetime import timedelta

import pytest

from chalicelib.commands.service import Lane, issue
from chalicelib.core.config import Timings
from chalicelib.protocol.commands import CommandKind
from chalicelib.protocol.instances import Reason
from chalicelib.quotas.service import Amount
from chalicelib.sessions.attending import Task, expire, neglect, orphaned, task
from chalicelib.sessions.entities import Session
from chalicelib.sessions.ledger import difference, wanted_look
from chalicelib.sessions.rules import Desired, State
from tests.unit.sessions.builders import NOW, at, session, under_way

TIMINGS = Timings()
START = under_way(State.STARTING, CommandKind.START)
UNCLAIMED = under_way(State.STARTING, CommandKind.START, claimed=False)


@pytest.mark.parametrize(
    ("of", "seconds", "expected"),
    [
        (session(State.PENDING), 30, Task.PLACE),
        (session(State.PENDING), 600, Task.EXPIRE),
        (UNCLAIMED, 30, Task.SEND),
        (START, 30, Task.NOTHING),
        (START, 120, Task.SEND),
        (START, 900, Task.EXPIRE),
        (session(), 30, Task.NOTHING),
        (session(State.TERMINATED), 10, Task.NOTHING),
        (session(State.TERMINATED), 30, Task.ARCHIVE),
    ],
)
def test_tasks(of: Session, seconds: float, expected: Task) -> None:
    assert task(of, at(seconds), TIMINGS) is expected


def test_a_terminate_is_never_given_up() -> None:
    ending = session(State.TERMINATING, lane=issue(Lane(), CommandKind.TERMINATE, NOW, None))
    assert task(ending, NOW + timedelta(days=9), TIMINGS) is Task.SEND


def test_a_pending_session_that_is_given_up_keeps_its_reason() -> None:
    waiting = session(State.PENDING, reason=Reason(code="no_controller", message="None is registered."))
    failed = expire(waiting, at(600)).after
    assert failed.state is State.FAILED
    assert failed.reason is not None
    assert failed.reason.code == "no_controller"
    assert failed.booked == Amount()


def test_a_start_past_its_deadline_fails_and_its_command_is_withdrawn() -> None:
    failed = expire(START, at(900)).after
    assert failed.state is State.FAILED
    assert failed.lane.open is None
    assert failed.lane.holder is not None
    assert failed.reason is not None
    assert failed.reason.code == "deadline_exceeded"


def test_a_hibernation_past_its_deadline_counts_as_not_done() -> None:
    running = expire(under_way(State.HIBERNATING, CommandKind.HIBERNATE), at(900)).after
    assert (running.state, running.desired) == (State.RUNNING, Desired.RUNNING)


def test_a_repair_past_its_deadline_is_only_withdrawn() -> None:
    asleep = expire(under_way(State.HIBERNATED, CommandKind.HIBERNATE), at(900))
    assert asleep.after.state is State.HIBERNATED
    assert not asleep.entries


def test_a_controller_that_was_removed_takes_its_sessions_along() -> None:
    assert orphaned(START, NOW).after.state is State.FAILED
    ending = under_way(State.TERMINATING, CommandKind.TERMINATE)
    assert orphaned(ending, NOW).after.state is State.TERMINATED


def test_neglect_is_only_seen_by_a_sweeper_that_was_there() -> None:
    seen = neglect(UNCLAIMED, at(60), at(61), TIMINGS)
    assert seen.lost
    assert not seen.fresh
    away = neglect(UNCLAIMED, at(30), at(7200), TIMINGS)
    assert away.fresh
    assert not away.lost
    assert not neglect(UNCLAIMED, at(30), at(31), TIMINGS).lost


def test_when_to_look_again() -> None:
    assert wanted_look(session(), NOW, TIMINGS) is None
    assert wanted_look(session(State.PENDING), at(590), TIMINGS) == at(600)
    assert wanted_look(session(State.TERMINATED), NOW, TIMINGS) == at(30)
    assert wanted_look(START, NOW, TIMINGS) == at(120)


def test_bookings_are_the_difference() -> None:
    full, parked = session().booked, session(State.HIBERNATED).booked
    assert difference(Amount(), full) == (full, Amount())
    assert difference(full, parked) == (Amount(), Amount(0, 1000, 2**30, 0))
    assert difference(parked, full) == (Amount(0, 1000, 2**30, 0), Amount())
