"""The budgets of design §4, counted from what DynamoDB says it consumed, indexes and nonces included."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.capacity_units import BUDGETS, metered, report, table
from tests.support.desk import Desk

OVERRIDES = {"cpu": "100m", "memory": "64Mi"}


@pytest.mark.feature("What each use case costs in capacity units is bounded")
def test_every_use_case_stays_within_its_budget(desk: Desk) -> None:
    found = report(table(desk))
    if os.environ.get("STREAMSPACE_BUDGET_REPORT"):  # `make bench` prints it
        Path(os.environ["STREAMSPACE_BUDGET_REPORT"]).write_text(json.dumps(found))
    assert set(BUDGETS) <= set(found)
    assert {name: units for name, units in found.items() if units["over"]} == {}


@pytest.mark.parametrize("who", ["member", "admin"])
def test_a_list_costs_the_same_however_many_there_are(desk: Desk, who: str) -> None:
    token = getattr(desk.tenant, who)

    def listed() -> tuple[int, float]:
        with metered() as units:
            answer = desk.call("GET", "/v1/sessions", token=token, query={"limit": 50})
        return len(answer.json["items"]), units.read

    for _ in range(51):
        desk.launch(resources=OVERRIDES, name="A session of some length", labels={"team": "red"})
    count, units = listed()
    assert count == 50
    assert 2 <= units <= 8
    for _ in range(25):
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
    assert units.by_table["streamspace-sessions read"] <= 0.5
