"""The budgets of design §4, counted from what DynamoDB says it consumed, indexes and nonces included."""

from typing import Any

import pytest

from tests.support.capacity_units import TRANSITIONS, metered, table
from tests.support.desk import Desk

OVERRIDES = {"cpu": "100m", "memory": "64Mi"}


@pytest.mark.feature("What each use case costs in capacity units is bounded")
def test_every_use_case_stays_within_its_budget(desk: Desk) -> None:
    spent = table(desk)
    writes = {name: units.write for name, units in spent.items()}
    assert writes["create"] <= 22
    assert writes["create_with_key"] <= 22
    assert spent["create"].read <= 8
    assert {name: writes[name] for name in TRANSITIONS if writes[name] > 12} == {}
    assert writes["stage_progress"] <= 3
    assert writes["heartbeat"] <= 3
    assert writes["claim"] <= 4
    assert writes["renew"] <= 2
    assert writes["get"] == 0
    assert spent["get"].read <= 1


@pytest.mark.parametrize("who", ["member", "admin"])
def test_a_list_costs_the_same_however_many_there_are(desk: Desk, who: str) -> None:
    token = getattr(desk.tenant, who)

    def listed() -> tuple[int, float]:
        with metered() as units:
            answer = desk.call("GET", "/v1/sessions", token=token, query={"limit": 50})
        return len(answer.json["items"]), units.read

    for _ in range(55):
        desk.launch(resources=OVERRIDES, name="A session of some length", labels={"team": "red"})
    count, units = listed()
    assert count == 50
    assert units <= 8
    for _ in range(60):
        desk.launch(resources=OVERRIDES, name="A session of some length", labels={"team": "red"})
    assert listed() == (50, pytest.approx(units, abs=0.5))


def test_an_ended_session_costs_lists_nothing(desk: Desk) -> None:
    made = [desk.launch(resources=OVERRIDES)["id"] for _ in range(10)]
    for session_id in made:
        desk.delete(session_id)
        desk.attend(session_id, 60)
    with metered() as units:
        answer: Any = desk.call("GET", "/v1/sessions", token=desk.tenant.admin)
    assert answer.json["items"] == []
    assert units.read <= 0.5
