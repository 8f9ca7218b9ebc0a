"""State from contact, capacity less bookings, boots and epochs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.controllers.agent_rules import BOOTS_KEPT, Agent, Boot, boot, boots_after
from chalicelib.controllers.rules import (
    Contact,
    Controller,
    ControllerState,
    HealthReport,
    claims_again,
    free,
    is_idle,
    judge,
    state,
    state_until,
)
from chalicelib.core.config import Timings
from chalicelib.protocol.agents import Capacity, Health, PartHealth
from chalicelib.protocol.instances import Reason
from chalicelib.quotas.service import Amount

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TIMINGS = Timings()
OK = PartHealth(state=Health.OK)
BROKEN = PartHealth(state=Health.FAILING, reason=Reason(code="platform_unavailable", message="No Docker."))
FRESH = Controller("ten-1", "ctl-1", "lab", "docker", "daemon", NOW)


def seen(ago: float, interval: float = 30) -> Controller:
    """A controller whose last heartbeat was so many seconds ago."""
    return replace(FRESH, contact=Contact(NOW - timedelta(seconds=ago), interval, "1.0", 1))


@pytest.mark.parametrize(
    ("controller", "expected"),
    [
        (FRESH, ControllerState.NEVER_SEEN),
        (replace(FRESH, cordoned=True), ControllerState.NEVER_SEEN),
        (seen(0), ControllerState.ONLINE),
        (seen(90), ControllerState.ONLINE),
        (seen(98), ControllerState.DEGRADED),
        (seen(187), ControllerState.DEGRADED),
        (seen(188), ControllerState.LOST),
        (seen(98, interval=300), ControllerState.ONLINE),
        (replace(seen(0), cordoned=True), ControllerState.DRAINING),
        (replace(seen(600), cordoned=True), ControllerState.LOST),
        (replace(seen(0), health=HealthReport(OK, BROKEN, OK)), ControllerState.DEGRADED),
        (replace(seen(0), unclaimed_since=NOW), ControllerState.LOST),
    ],
)
def test_state_follows_from_the_last_contact(controller: Controller, expected: ControllerState) -> None:
    assert state(controller, NOW, TIMINGS) is expected


@given(ago=st.floats(0, 10_000), interval=st.floats(0.1, 600))
def test_silence_changes_the_state_when_it_was_said_to(ago: float, interval: float) -> None:
    controller = seen(ago, interval)
    moment = state_until(controller, NOW, TIMINGS)
    if moment is None:
        assert state(controller, NOW, TIMINGS) is ControllerState.LOST
        return
    before, after = moment - timedelta(milliseconds=5), moment + timedelta(milliseconds=5)
    if before > NOW:
        assert state(controller, before, TIMINGS) is state(controller, NOW, TIMINGS)
    assert state(controller, after, TIMINGS) is not state(controller, NOW, TIMINGS)


@given(st.lists(st.floats(0, 10_000), min_size=2))
def test_silence_never_improves_a_state(silences: list[float]) -> None:
    order = [ControllerState.ONLINE, ControllerState.DEGRADED, ControllerState.LOST]
    found = [order.index(state(seen(each), NOW, TIMINGS)) for each in sorted(silences)]
    assert found == sorted(found)


def test_free_is_capacity_less_bookings_and_never_negative() -> None:
    capacity = Capacity(cpu_millis=4000, memory_bytes=100, gpu=1)
    controller = replace(
        FRESH, capacity=capacity, session_limit=3, booked=Amount(1, 1500, 200, 0), contact=seen(0).contact
    )
    assert free(controller) == Amount(sessions=2, cpu_millis=2500, memory_bytes=0, gpu=1)
    assert judge(controller, NOW, TIMINGS).free == free(controller)
    assert free(FRESH) == Amount()
    assert not is_idle(controller)
    assert is_idle(FRESH)


def test_reasons_of_failing_parts_are_kept() -> None:
    silent = PartHealth(state=Health.FAILING)
    codes = [reason.code for reason in HealthReport(silent, BROKEN, OK).failing()]
    assert codes == ["failing", "platform_unavailable"]
    assert HealthReport().failing() == ()


@pytest.mark.parametrize(
    ("since", "polling", "expected"),
    [(None, OK, False), (30, OK, False), (60, OK, True), (60, BROKEN, False)],
)
def test_an_unclaimed_command_is_forgiven_after_a_while(
    since: int | None, polling: PartHealth, expected: bool
) -> None:
    moment = None if since is None else NOW - timedelta(seconds=since)
    assert claims_again(replace(FRESH, unclaimed_since=moment), polling, NOW, TIMINGS) is expected


def test_the_administrators_labels_win() -> None:
    controller = replace(FRESH, agent_labels={"zone": "x", "arch": "arm64"}, labels={"zone": "a"})
    assert controller.all_labels == {"zone": "a", "arch": "arm64"}


@given(st.lists(st.uuids().map(str), min_size=1, max_size=BOOTS_KEPT, unique=True))
def test_only_the_last_boot_is_in_charge(boots: list[str]) -> None:
    agent = Agent("ten-1", "ctl-1", "agt-1", "key-1", NOW)
    for each in boots:
        assert boot(agent, each) is Boot.NEW
        agent = replace(agent, boot_id=each, past_boots=boots_after(agent), epoch=agent.epoch + 1)
    assert boot(agent, boots[-1]) is Boot.CURRENT
    assert {boot(agent, each) for each in boots[:-1]} <= {Boot.SUPERSEDED}
    assert agent.epoch == len(boots)
