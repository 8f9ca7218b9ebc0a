"""Draining and pausing a controller, as administrators ask for it and see it."""

from typing import Any

import pytest

from tests.support.fake_agent import FakeAgent
from tests.support.lambda_client import Answer, LambdaClient


@pytest.fixture
def agent(client: LambdaClient, tenant: Any) -> FakeAgent:
    return FakeAgent.online(client, tenant.admin)


class Admin:
    """Asks for things of one controller."""

    def __init__(self, client: LambdaClient, token: str, controller_id: str) -> None:
        self._client, self._token = client, token
        self._path = f"/v1/controllers/{controller_id}"

    def __call__(self, method: str, what: str = "", **body: Any) -> Answer:
        path = f"{self._path}/{what}" if what else self._path
        return self._client(method, path, body or None, token=self._token)

    def seen(self) -> Any:
        return self("GET").json


@pytest.fixture
def admin(client: LambdaClient, tenant: Any, agent: FakeAgent) -> Admin:
    return Admin(client, tenant.admin, agent.controller_id)


def test_a_drain_shows_how_why_and_since_when(admin: Admin) -> None:
    answer = admin("PUT", "drain", mode="finish", reason="New disks")
    assert answer.status == 200, answer.text
    drain = answer.json["drain"]
    assert (answer.json["state"], answer.json["cordoned"]) == ("draining", False)
    assert {**drain, "since": None} == {
        "mode": "finish",
        "since": None,
        "reason": "New disks",
        "remaining": 0,
    }
    changed = admin("PUT", "drain", mode="move").json["drain"]
    assert (changed["mode"], changed["reason"], changed["since"]) == ("move", None, drain["since"])
    ended = admin("DELETE", "drain").json
    assert (ended["state"], ended["drain"]) == ("online", None)
    assert admin("DELETE", "drain").status == 200


def test_a_pause_shows_until_when_and_ends_when_told(admin: Admin) -> None:
    paused = admin("PUT", "pause", seconds=3600, reason="Kernel").json
    assert (paused["state"], paused["paused"]["reason"]) == ("paused", "Kernel")
    assert paused["state_until"] == paused["paused"]["until"]
    ended = admin("DELETE", "pause").json
    assert (ended["state"], ended["paused"]) == ("online", None)
    assert admin("DELETE", "pause").status == 200


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("drain", {}),
        ("drain", {"mode": "burn"}),
        ("drain", {"mode": "move", "reason": ""}),
        ("drain", {"mode": "move", "reason": "a\nb"}),
        ("pause", {"seconds": 59}),
        ("pause", {"seconds": 86401}),
        ("pause", {}),
    ],
)
def test_what_makes_no_sense_is_refused(admin: Admin, what: str, body: dict[str, Any]) -> None:
    assert admin("PUT", what, **body).status == 422
    assert (admin.seen()["drain"], admin.seen()["paused"]) == (None, None)


def test_others_may_not(client: LambdaClient, tenant: Any, stranger: Any, agent: FakeAgent) -> None:
    asked = [
        ("PUT", "drain", {"mode": "move"}),
        ("DELETE", "drain", {}),
        ("PUT", "pause", {"seconds": 60}),
        ("DELETE", "pause", {}),
    ]
    for method, what, body in asked:
        assert Admin(client, tenant.member, agent.controller_id)(method, what, **body).status == 403
        assert Admin(client, stranger.admin, agent.controller_id)(method, what, **body).status == 404


@pytest.mark.feature("Who drained or paused a controller, how and why, is in the audit log")
def test_it_is_in_the_audit_log(client: LambdaClient, tenant: Any, admin: Admin, agent: FakeAgent) -> None:
    admin("PUT", "drain", mode="move", reason="New disks")
    admin("DELETE", "drain")
    until = admin("PUT", "pause", seconds=60).json["paused"]["until"]
    admin("DELETE", "pause")
    admin("PUT", "drain", mode="burn")
    entries = client("GET", "/v1/audit", token=tenant.admin).json["items"]
    told = {each["action"]: each for each in entries if each["action"].startswith("controller.")}
    assert {each["target"]["id"] for each in told.values()} == {agent.controller_id}
    assert set(told) == {"controller.drain", "controller.undrain", "controller.pause", "controller.resume"}
    drained = told["controller.drain"]
    assert (drained["actor"]["id"], drained["outcome"]) == (tenant.admin_id, "succeeded")
    assert drained["facts"] == {"mode": "move", "reason": "New disks"}
    assert told["controller.pause"]["facts"]["until"][:19] == until[:19]


def test_asking_again_changes_nothing_but_is_logged(client: LambdaClient, tenant: Any, admin: Admin) -> None:
    first = admin("PUT", "drain", mode="move").json
    assert admin("PUT", "drain", mode="move").json["drain"] == first["drain"]
    entries = client("GET", "/v1/audit", token=tenant.admin).json["items"]
    assert [each["action"] for each in entries].count("controller.drain") == 2
