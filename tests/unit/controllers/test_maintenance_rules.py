"""What a drain and a pause make of a controller's state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.controllers.maintenance_rules import Drain, DrainMode, Pause, drained_words, paused_words
from chalicelib.controllers.rules import Contact, Controller, ControllerState, judge, state, state_until
from chalicelib.core.config import Timings
from chalicelib.quotas.service import Amount

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TIMINGS = Timings()
FRESH = Controller("ten-1", "ctl-1", "lab", "docker", "daemon", NOW)
DRAIN = Drain(DrainMode.MOVE, NOW, "usr-1")


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def seen(seconds: float, **changes: object) -> Controller:
    return replace(FRESH, contact=Contact(ago(seconds), 30, "1.0", 1), **changes)  # type: ignore[arg-type]


ON, OVER = Pause(ago(-60)), Pause(ago(0))


@pytest.mark.parametrize(
    ("controller", "expected"),
    [
        (replace(FRESH, pause=ON, drain=DRAIN), ControllerState.NEVER_SEEN),
        (seen(9999, pause=ON, drain=DRAIN, cordoned=True, unclaimed_since=NOW), ControllerState.PAUSED),
        (seen(9999, pause=OVER), ControllerState.ONLINE),
        (seen(9999, pause=OVER, unclaimed_since=NOW), ControllerState.LOST),
        (seen(9999, pause=Pause(ago(100))), ControllerState.DEGRADED),
        (seen(9999, pause=Pause(ago(200)), drain=DRAIN), ControllerState.LOST),
        (seen(0, pause=Pause(ago(9999))), ControllerState.ONLINE),
        (seen(100, drain=DRAIN), ControllerState.DRAINING),
        (seen(0, drain=replace(DRAIN, mode=DrainMode.FINISH)), ControllerState.DRAINING),
    ],
)
def test_precedence(controller: Controller, expected: ControllerState) -> None:
    assert state(controller, NOW, TIMINGS) is expected


@given(silent=st.floats(0, 5000), pause=st.none() | st.floats(-5000, 5000))
def test_the_state_changes_by_time_when_it_was_said_to(silent: float, pause: float | None) -> None:
    controller = seen(silent, pause=None if pause is None else Pause(ago(pause)))
    moment, found = state_until(controller, NOW, TIMINGS), state(controller, NOW, TIMINGS)
    if moment is None:
        assert state(controller, NOW + timedelta(days=9), TIMINGS) is found is ControllerState.LOST
        return
    slack = timedelta(milliseconds=5)
    if moment - slack > NOW:
        assert state(controller, moment - slack, TIMINGS) is found
    assert state(controller, moment + slack, TIMINGS) is not found


def test_a_candidate_knows_the_pause_that_is_on() -> None:
    assert judge(seen(0, pause=ON), NOW, TIMINGS).paused is ON
    assert judge(seen(0, pause=OVER), NOW, TIMINGS).paused is None


@pytest.mark.parametrize(("left", "expected"), [(0.2, 1), (5, 6), (59.5, 60), (60, 60), (7200, 60)])
def test_a_refused_claim_is_worth_repeating_soon_and_not_before_the_end(left: float, expected: int) -> None:
    pause = Pause(ago(-left))
    assert pause.ask_again(NOW) == expected
    if left < 59:
        assert not pause.on(NOW + timedelta(seconds=expected))


def test_what_remains_is_never_nothing_while_memory_is_taken() -> None:
    assert replace(FRESH, awake=3, booked=Amount(5, 3, 3, 0)).remaining == 3
    assert replace(FRESH, awake=0, booked=Amount(5, 0, 0, 0)).remaining == 0
    older = replace(FRESH, awake=-2, booked=Amount(1, 1, 1, 0))
    assert older.remaining == 1, "sessions that are older than the count"


def test_words_for_people() -> None:
    pause = Pause(datetime(2026, 11, 22, 14, 30, tzinfo=UTC), "Kernel")
    assert paused_words(pause) == "paused until 2026-11-22 14:30 UTC (Kernel)"
    assert drained_words(DRAIN) == "being drained"
    assert drained_words(replace(DRAIN, reason="New disks")) == "being drained (New disks)"
