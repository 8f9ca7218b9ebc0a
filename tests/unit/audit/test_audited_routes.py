"""Whatever people change is in the audit log: a new route without an action fails here."""

import re
from typing import Any

import pytest

EXEMPT = {
    ("POST", "/v1/auth/invitation"): "reads what an invitation says; its token is too secret for a query",
    ("POST", "/v1/events/ticket"): "opens the event socket: reading, asked for by every tab again and again",
}


@pytest.fixture(scope="module")
def operations() -> list[Any]:
    import app

    return [operation for api in app.apis for operation in api.operations]


def test_every_change_by_people_is_audited(operations: list[Any]) -> None:
    unaudited = {
        (each.method, each.path)
        for each in operations
        if each.method != "GET" and not each.path.startswith("/agent/") and each.audit is None
    }
    assert unaudited == set(EXEMPT)


def test_so_is_how_an_agent_becomes_known(operations: list[Any]) -> None:
    [enroll] = [each for each in operations if each.path == "/agent/v1/enroll"]
    assert enroll.audit == "agent.enroll"


def test_actions_are_a_noun_and_a_verb(operations: list[Any]) -> None:
    names = {each.audit for each in operations if each.audit}
    assert [name for name in names if not re.fullmatch(r"[a-z_]+\.[a-z_]+", name)] == []
    assert not [each for each in operations if each.audit and each.method == "GET"]


def test_every_api_records_what_is_refused(operations: list[Any]) -> None:
    import app

    assert all(api.record == app.audit.record for api in app.apis)
