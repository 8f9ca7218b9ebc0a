"""What results mean."""

from dataclasses import replace

import pytest

from chalicelib.commands.service import Finished, finish
from chalicelib.protocol.commands import CommandKind, Outcome, ResultReport
from chalicelib.protocol.instances import Reason
from chalicelib.sessions.entities import Session
from chalicelib.sessions.outcomes import Settled, settle
from chalicelib.sessions.rules import Desired, Held, State
from tests.unit.sessions.builders import at, issue_command, under_way

BROKEN = Reason(code="image_not_found", message="There is no such image.")


def report(outcome: Outcome, reason: Reason | None = None) -> ResultReport:
    return ResultReport(epoch=1, fence=1, sequence=1, outcome=outcome, reason=reason)


def settled(of: Session, outcome: Outcome, reason: Reason | None = None) -> Settled:
    finished: Finished = finish(of.lane, 1, 1, at(5))
    said = report(outcome, reason)
    return settle(of, finished, said, actor="agent:agt-a", now=at(5), issue=issue_command)


@pytest.mark.parametrize(
    ("state", "kind", "then"),
    [
        (State.STARTING, CommandKind.START, State.RUNNING),
        (State.WAKING, CommandKind.WAKE, State.RUNNING),
        (State.HIBERNATING, CommandKind.HIBERNATE, State.HIBERNATED),
        (State.TERMINATING, CommandKind.TERMINATE, State.TERMINATED),
    ],
)
def test_success(state: State, kind: CommandKind, then: State) -> None:
    after = settled(under_way(state, kind), Outcome.SUCCEEDED).change.after
    assert after.state is then
    assert after.lane.idle
    assert after.reason is None
    if then is State.RUNNING:
        assert after.started_at == at(5)


@pytest.mark.parametrize(
    ("state", "kind"), [(State.STARTING, CommandKind.START), (State.WAKING, CommandKind.WAKE)]
)
def test_a_failed_start_fails_the_session_with_its_reason(state: State, kind: CommandKind) -> None:
    after = settled(under_way(state, kind), Outcome.FAILED, BROKEN).change.after
    assert (after.state, after.reason, after.held) == (State.FAILED, BROKEN, Held.HOME)


def test_a_failed_hibernation_leaves_it_running() -> None:
    after = settled(under_way(State.HIBERNATING, CommandKind.HIBERNATE), Outcome.FAILED, BROKEN).change.after
    assert (after.state, after.desired, after.held) == (State.RUNNING, Desired.RUNNING, Held.FULL)


def test_a_failed_termination_is_tried_again_later() -> None:
    result = settled(under_way(State.TERMINATING, CommandKind.TERMINATE), Outcome.FAILED, BROKEN)
    after = result.change.after
    assert not result.send
    assert (after.state, after.reason) == (State.TERMINATING, BROKEN)
    assert after.lane.open is not None
    assert (after.lane.open.number, after.lane.open.deadline) == (2, None)


def test_a_command_given_up_without_newer_intent_is_issued_again_in_the_same_time() -> None:
    of = under_way(State.STARTING, CommandKind.START)
    result = settled(of, Outcome.CANCELLED)
    after = result.change.after
    assert result.send
    assert after.state is State.STARTING
    assert after.lane.open is not None
    assert of.lane.open is not None
    assert (after.lane.open.number, after.lane.open.deadline) == (2, of.lane.open.deadline)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_became_of_a_superseded_command_does_not_matter(outcome: Outcome) -> None:
    of = under_way(State.TERMINATING, CommandKind.START)
    lane = issue_command(of.lane, CommandKind.TERMINATE, at(2))
    after = settled(replace(of, lane=lane), outcome, BROKEN).change.after
    assert after.state is State.TERMINATING
    assert after.lane.holder is None
    assert after.lane.open is not None
    assert after.lane.open.number == 2
    assert after.lane.open.since == at(5)
