"""An entry is written with the change itself: both, or neither."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pynamodb.connection import Connection

from chalicelib.audit import unsealed
from chalicelib.audit.models import DynamoAuditStore
from chalicelib.core import trail
from chalicelib.core.api import Api
from chalicelib.core.dynamo import DynamoUnitOfWork
from infra.local.server.gateway import make_thread_safe
from tests.support.capacity_units import item_size, metered
from tests.support.desk import Desk
from tests.support.lambda_client import LambdaClient

Log = Callable[..., list[Any]]
TEMPLATE = {"name": "Desktop", "image": "streamspace/desktop:dev"}


@pytest.mark.feature("Who did what, from where and with what result is in the organisation's audit log")
def test_a_change_is_in_the_log(client: LambdaClient, tenant: Any, log: Log) -> None:
    headers = {"user-agent": "curl/8.5"}
    made = client("POST", "/v1/templates", TEMPLATE, token=tenant.admin, headers=headers)
    [entry] = log(action="template.create")
    assert entry["actor"] == {"id": tenant.admin_id, "name": "Admin"}
    assert entry["target"] == {"type": "template", "id": made.json["id"], "name": "Desktop"}
    assert entry["via"].startswith("sign-in:")
    assert (entry["source_ip"], entry["user_agent"], entry["request_id"]) == ("127.0.0.1", "curl/8.5", "test")
    assert (entry["outcome"], entry["code"]) == ("succeeded", None)
    assert (entry["sequence"], entry["hash"]) == (None, None)


def test_a_changed_template_says_what_changed(client: LambdaClient, tenant: Any, log: Log) -> None:
    made = client("POST", "/v1/templates", TEMPLATE, token=tenant.admin).json
    change = {"name": "Another", "env": {"PASSWORD": "hunter2"}}
    assert client("PATCH", f"/v1/templates/{made['id']}", change, token=tenant.admin).status == 200
    [entry] = log(action="template.change")
    assert entry["facts"] == {"version": "2", "changed": "name, env"}
    assert "hunter2" not in str(log())


@pytest.mark.feature("What was refused, and why, is in the audit log")
def test_a_refusal_is_in_the_log(client: LambdaClient, tenant: Any, log: Log) -> None:
    assert client("POST", "/v1/templates", TEMPLATE, token=tenant.member).status == 403
    assert client("DELETE", "/v1/templates/tpl-01jd0000000000000000000000", token=tenant.admin).status == 404
    missing, forbidden = log(outcome="refused")
    assert (missing["action"], missing["code"], missing["target"]["id"]) == (
        "template.remove", "not_found", "tpl-01jd0000000000000000000000",
    )  # fmt: skip
    assert (forbidden["action"], forbidden["code"]) == ("template.create", "forbidden")
    assert forbidden["actor"]["id"] == tenant.member_id


def test_a_refused_session_names_the_template_and_the_reason(desk: Desk, log: Log) -> None:
    limits = {"limits": {"sessions": 1}}
    assert desk.call("PUT", "/v1/quotas/tenant", limits, token=desk.tenant.admin).status == 200
    session_id = desk.launch()["id"]
    assert desk.create().status == 409
    refused, created = log(action="session.create")
    assert (refused["code"], refused["target"]["id"]) == ("quota_exceeded", desk.template_id)
    assert (created["code"], created["target"]["id"]) == (None, session_id)


def test_what_changes_nothing_is_in_the_log_all_the_same(desk: Desk, log: Log) -> None:
    session_id = desk.running()
    desk.do(session_id, "wake")
    [entry] = log(action="session.wake")
    assert (entry["outcome"], entry["target"]["id"]) == ("succeeded", session_id)
    opened = desk.call("POST", f"/v1/sessions/{session_id}/connect", {})
    assert opened.status == 200, opened.text
    assert [each["actor"]["id"] for each in log(action="session.connect")] == [desk.tenant.member_id]
    assert desk.call("POST", f"/v1/sessions/{session_id}/logs").status == 200
    assert [each["actor"]["id"] for each in log(action="session.logs")] == [desk.tenant.member_id]


def test_a_whole_life_leaves_one_entry_for_each_step(desk: Desk, log: Log) -> None:
    session_id = desk.running()
    desk.call("PATCH", f"/v1/sessions/{session_id}", {"name": "Mine"})
    for action in ("hibernate", "wake"):
        assert desk.do(session_id, action).status == 202
        desk.carry_out(session_id)
    assert desk.delete(session_id).status == 202
    steps = [each["action"] for each in reversed(log(target=session_id))]
    assert steps == [f"session.{step}" for step in ("create", "change", "hibernate", "wake", "terminate")]
    [renamed] = log(action="session.change")
    assert renamed["facts"] == {"name": "Mine"}


def test_an_agents_enrolment_names_who_let_it_in(desk: Desk, log: Log) -> None:
    [enrolled] = log(action="agent.enroll")
    assert enrolled["target"]["id"] == desk.agent.controller_id
    assert enrolled["facts"]["token_created_by"] == desk.tenant.admin_id
    assert enrolled["via"] == "enrollment-token"


def test_an_api_key_says_that_it_was_one(client: LambdaClient, tenant: Any, log: Log) -> None:
    asked = {"name": "robot", "scopes": ["templates:write"]}
    key = client("POST", "/v1/api-keys", asked, token=tenant.admin)
    assert key.status == 201, key.text
    assert client("POST", "/v1/templates", TEMPLATE, token=key.json["key"]).status == 201
    [made] = log(action="template.create")
    assert (made["via"], made["actor"]["id"]) == (f"api-key:{key.json['id']}", tenant.admin_id)
    [created] = log(action="api_key.create")
    assert created["target"]["id"] == key.json["id"]
    assert key.json["key"] not in str(log())


class Failing:
    """A connection whose transactions fail so many times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception, *, times: int, after: bool) -> None:
        plain = Connection._make_api_call
        self.left = times

        def call(connection: Connection, name: str, arguments: Any) -> Any:
            if name != "TransactWriteItems" or self.left == 0:
                return plain(connection, name, arguments)
            self.left -= 1
            if after:
                plain(connection, name, arguments)
            raise error

        monkeypatch.setattr(Connection, "_make_api_call", call)


def test_neither_change_nor_entry_when_the_transaction_fails(
    client: LambdaClient, tenant: Any, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        Failing(patched, ConnectionError("gone"), times=1, after=False)
        assert client("POST", "/v1/templates", TEMPLATE, token=tenant.admin).status >= 500
    assert client("GET", "/v1/templates", token=tenant.admin).json["items"] == []
    assert log(action="template.create") == []


def test_both_when_only_the_answer_was_lost(
    client: LambdaClient, tenant: Any, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        Failing(patched, ConnectionError("gone"), times=1, after=True)
        assert client("POST", "/v1/templates", TEMPLATE, token=tenant.admin).status >= 500
    assert len(client("GET", "/v1/templates", token=tenant.admin).json["items"]) == 1
    assert len(log(action="template.create")) == 1


def test_a_transaction_that_is_tried_again_makes_one_entry(
    control_plane: Any, desk: Desk, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.core.unit_of_work import ConditionFailed

    plain, failed = DynamoUnitOfWork._commit, []

    def losing(uow: DynamoUnitOfWork, writes: Any, token: str | None) -> None:
        if trail.current() is not None and len(failed) < 3:
            failed.append(1)
            raise ConditionFailed  # somebody else was faster: the use case starts over
        plain(uow, writes, token)

    session_id = desk.running()
    monkeypatch.setattr(DynamoUnitOfWork, "_commit", losing)
    assert desk.do(session_id, "hibernate").status == 202
    monkeypatch.undo()
    assert len(failed) == 3
    assert len(log(action="session.hibernate")) == 1


def test_requests_at_once_never_share_a_trail(
    control_plane: Any, client: LambdaClient, tenant: Any, log: Log
) -> None:
    make_thread_safe(control_plane.app)

    def create(number: int) -> tuple[str, str]:
        body = {**TEMPLATE, "name": f"Number {number}"}
        answer = client(
            "POST", "/v1/templates", body, token=tenant.admin, headers={"user-agent": str(number)}
        )
        assert answer.status == 201, answer.text
        return str(number), answer.json["id"]

    with ThreadPoolExecutor(16) as pool:
        made = dict(pool.map(create, range(96)))
    entries = log(action="template.create")
    assert {each["user_agent"]: each["target"]["id"] for each in entries} == made
    assert len(entries) == len(made)
    assert trail.current() is None


def test_an_entry_costs_two_units_and_no_more(
    client: LambdaClient, tenant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cost(**more: Any) -> float:
        with metered() as units:
            client("POST", "/v1/templates", {**TEMPLATE, "name": "N" * 80}, token=tenant.admin, **more)
        return units.by_table["streamspace-audit write"]

    assert cost(headers={"user-agent": "Ä" * 5000}) == 2.0
    row = DynamoAuditStore().unsealed(tenant.id, 100)[-1]
    stored = {
        "partition": {"S": f"{tenant.id}#unsealed"},
        "key": {"S": row.id},
        "body": {"S": unsealed.dump(row)},
    }
    assert item_size(stored) <= 1024


def test_nothing_is_recorded_of_what_is_not_audited(
    control_plane: Any, client: LambdaClient, tenant: Any, log: Log
) -> None:
    before = len(log())
    client("POST", "/v1/events/ticket", token=tenant.member)
    client("GET", "/v1/templates", token=tenant.member)
    client("POST", "/v1/templates", {"name": ""}, token=tenant.admin)  # a typing mistake
    assert len(log()) == before
    assert all(isinstance(api, Api) for api in control_plane.apis)


@pytest.mark.parametrize("path", ["/v1/audit", "/v1/audit/head", "/v1/audit/actions"])
def test_who_may_read_it(client: LambdaClient, tenant: Any, path: str) -> None:
    assert client("GET", path, token=tenant.member).status == 403
    assert client("GET", path, token=tenant.admin).status == 200
    assert client("GET", path).status == 401
    assert client("POST", "/v1/audit/exports", {}, token=tenant.member).status == 403


def test_another_tenants_log_is_another_log(
    client: LambdaClient, tenant: Any, stranger: Any, log: Log
) -> None:
    client("POST", "/v1/templates", TEMPLATE, token=stranger.admin)
    assert log(action="template.create") == []
    assert log(actor=stranger.admin_id) == []
