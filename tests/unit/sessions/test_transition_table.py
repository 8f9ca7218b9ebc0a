"""The transition table, and bookings that follow it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Conflict
from chalicelib.sessions.changes import SYSTEM, change_of
from chalicelib.sessions.rules import HELD, TRANSITIONS, Cause, Held, State, after
from tests.unit.sessions.builders import NOW, session

LIVE = [state for state in State if state is not State.TERMINATED]


def test_every_state_is_in_the_table_and_reachable() -> None:
    assert set(TRANSITIONS) == {None, *State}
    assert {target for row in TRANSITIONS.values() for target in row.values()} == set(State)
    assert set(HELD) == set(State)


@pytest.mark.parametrize("state", LIVE)
def test_whatever_lives_can_be_ended(state: State) -> None:
    reachable, frontier = {state}, [state]
    while frontier:
        for target in TRANSITIONS[frontier.pop()].values():
            if target not in reachable:
                reachable.add(target)
                frontier.append(target)
    assert State.TERMINATED in reachable
    if state is not State.TERMINATING:
        assert TRANSITIONS[state][Cause.TERMINATE_REQUESTED] is State.TERMINATING


@pytest.mark.parametrize("state", [each for each in LIVE if each not in (State.FAILED, State.TERMINATING)])
def test_whatever_is_not_terminal_may_fail(state: State) -> None:
    assert State.FAILED in TRANSITIONS[state].values()


def test_what_ended_holds_nothing_what_failed_its_home_and_what_sleeps_its_place_too() -> None:
    assert HELD[State.TERMINATED] is Held.NONE
    assert HELD[State.FAILED] is Held.HOME
    assert HELD[State.HIBERNATED] is Held.PARKED


def test_nothing_follows_the_end() -> None:
    assert TRANSITIONS[State.TERMINATED] == {}


def test_a_refusal_says_what_cannot_be_done() -> None:
    with pytest.raises(Conflict, match="A session that is pending cannot be hibernated") as refused:
        after(State.PENDING, Cause.HIBERNATE_REQUESTED)
    assert refused.value.code == "invalid_state"


@given(st.lists(st.sampled_from(Cause), max_size=30))
def test_any_walk_is_legal_and_holds_what_its_state_says(causes: list[Cause]) -> None:
    change = change_of(session(State.PENDING))
    for cause in causes:
        try:
            change = change.step(cause, actor=SYSTEM, now=NOW)
        except Conflict:
            continue
        held = HELD[change.after.state]
        assert held is None or change.after.held is held
    previous = State.PENDING
    for entry in change.entries:
        assert entry.before is previous
        assert TRANSITIONS[entry.before][Cause(entry.cause)] is entry.after
        previous = entry.after
    if change.after.state is State.TERMINATED:
        assert change.after.held is Held.NONE
        assert change.after.booked.items() == []


def test_a_stage_only_lasts_while_something_starts() -> None:
    started = change_of(session(State.STARTING)).step(Cause.STARTED, actor=SYSTEM, now=NOW)
    assert started.after.stage is None
    woken = change_of(session(State.HIBERNATED)).step(Cause.WAKE_REQUESTED, actor=SYSTEM, now=NOW)
    assert woken.after.stage == "queued"
