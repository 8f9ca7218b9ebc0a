"""Placement: the best controller, and for every other one the reasons why not."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.controllers.rules import HealthReport
from chalicelib.controllers.service import Candidate, ControllerState
from chalicelib.protocol.agents import Health, PartHealth
from chalicelib.protocol.instances import Reason
from chalicelib.quotas.service import Amount
from chalicelib.sessions.entities import Requirements
from chalicelib.sessions.placement import Need, choose, why_not
from tests.unit.sessions.builders import candidate

AMOUNT = Amount(1, 1000, 2**30, 0)
NEED = Need(AMOUNT)


def codes(found: Candidate, need: Need = NEED) -> list[str]:
    return [reason.code for reason in choose([found], need).verdicts[0].reasons]


def test_a_healthy_controller_with_room_is_chosen() -> None:
    choice = choose([candidate()], NEED)
    assert choice.chosen is not None
    assert choice.verdicts[0].suitable


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (candidate(state=ControllerState.LOST), "offline"),
        (candidate(state=ControllerState.DEGRADED), "offline"),
        (candidate(state=ControllerState.NEVER_SEEN), "offline"),
        (candidate(capacity=None), "offline"),
        (candidate(state=ControllerState.DRAINING, cordoned=True), "draining"),
        (candidate(booked=Amount(3, 3500, 0, 0)), "no_cpu"),
        (candidate(booked=Amount(3, 0, 15 * 2**29, 0)), "no_memory"),
        (candidate(session_limit=2, booked=Amount(2, 0, 0, 0)), "session_limit"),
    ],
)
def test_each_objection_has_its_code(found: Candidate, code: str) -> None:
    assert codes(found) == [code]


def test_requirements_of_the_template_count() -> None:
    gpu = Need(replace(AMOUNT, gpu=1))
    assert codes(candidate(), gpu) == ["no_gpu"]
    asked = Requirements(("kubernetes",), {"zone": "a"})
    assert codes(candidate(), Need(AMOUNT, asked)) == ["wrong_platform", "label_mismatch"]
    assert codes(candidate(agent_labels={"zone": "a"}, platform="kubernetes"), Need(AMOUNT, asked)) == []


def test_all_objections_are_listed_not_only_the_first() -> None:
    full = candidate(state=ControllerState.LOST, booked=Amount(9, 4000, 8 * 2**30, 0))
    assert codes(full) == ["offline", "no_cpu", "no_memory"]


def failing(part: str, message: str) -> dict[str, Any]:
    reason = Reason(code="docker_unreachable", message=message)
    return {"health": HealthReport(**{part: PartHealth(state=Health.FAILING, reason=reason)})}


def test_a_platform_that_does_not_answer_is_named() -> None:
    found = candidate(state=ControllerState.DEGRADED, **failing("platform", "Docker does not answer."))
    choice = choose([found], NEED)
    assert choice.chosen is None
    reason = why_not(choice, NEED)
    assert reason.code == "platform_unavailable"
    assert "Docker does not answer." in reason.message


def test_one_whose_streaming_alone_fails_comes_after_healthy_ones() -> None:
    limping = candidate("limping", ControllerState.DEGRADED, **failing("streaming", "No relay."))
    healthy = candidate("healthy!", booked=Amount(2, 2500, 2**30, 0))
    chosen = choose([limping, healthy], NEED).chosen
    assert chosen is not None
    assert chosen.controller.name == "healthy!"
    assert choose([limping], NEED).chosen is not None


def test_the_emptier_one_is_chosen() -> None:
    busy, idle = candidate("busy", booked=Amount(1, 2000, 0, 0)), candidate("idle-1")
    for order in ([busy, idle], [idle, busy]):
        chosen = choose(order, NEED).chosen
        assert chosen is not None
        assert chosen.controller.name == "idle-1"


def test_a_home_binds_a_session_to_its_controller() -> None:
    one, other = candidate("one"), candidate("other")
    bound = Need(AMOUNT, home=other.controller.id)
    assert [each.controller_name for each in choose([one, other], bound).verdicts] == ["other"]
    assert why_not(choose([one], bound), bound).code == "home_gone"


def test_what_proved_unfit_is_avoided() -> None:
    found = candidate()
    assert codes(found, Need(AMOUNT, avoid=frozenset({found.controller.id}))) == ["not_answering"]


@pytest.mark.feature("A session that cannot be placed says what every controller lacks")
def test_the_summary_names_what_lacks() -> None:
    assert why_not(choose([], NEED), NEED).code == "no_controller"
    full = candidate(booked=Amount(3, 3500, 8 * 2**30, 0))
    reason = why_not(choose([full], NEED), NEED)
    assert reason.code == "no_capacity"
    assert "one: Not enough CPU: 1000m asked, 500m free." in reason.message
    assert "Not enough memory: 1Gi asked, 0 free." in reason.message
    mixed = why_not(choose([full, candidate("off-1", ControllerState.LOST)], NEED), NEED)
    assert mixed.code == "no_suitable_controller"
    assert "off-1: Its agent does not answer." in mixed.message
