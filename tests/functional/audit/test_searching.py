"""Searching the log: by anything, newest first, at a bounded price, within the tenant."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.audit import models
from chalicelib.core.errors import Forbidden
from chalicelib.core.trail import Trail
from tests.support.capacity_units import metered
from tests.support.lambda_client import LambdaClient

Log = Callable[..., list[Any]]


def template(client: LambdaClient, token: str, number: int) -> str:
    body = {"name": f"Number {number}", "image": "streamspace/desktop:dev"}
    answer = client("POST", "/v1/templates", body, token=token)
    return str(answer.json["id"]) if answer.status == 201 else ""


@pytest.fixture
def history(control_plane: Any, client: LambdaClient, tenant: Any) -> list[str]:
    """Twelve templates by the admin, four refusals of the member's; a part is sealed, a part is not."""
    made = []
    for number in range(12):
        made.append(template(client, tenant.admin, number))
        if number % 3 == 0:
            template(client, tenant.member, number)
        if number == 8:
            control_plane.audit.sealer.seal(tenant.id)
    return made


@pytest.mark.feature("The audit log is searched by who, what, on what, with what result and when")
def test_everything_is_found_by_anything(
    client: LambdaClient, tenant: Any, history: list[str], log: Log
) -> None:
    everything = log()
    assert [each["id"] for each in everything] == sorted((each["id"] for each in everything), reverse=True)
    assert {each["sequence"] is None for each in everything} == {True, False}
    created = log(action="template.create", outcome="succeeded")
    assert [each["target"]["id"] for each in reversed(created)] == history
    assert [each["actor"]["id"] for each in log(outcome="refused")] == [tenant.member_id] * 4
    assert {each["action"] for each in log(actor=tenant.member_id)} == {"auth.login", "template.create"}
    [one] = log(target=history[2])
    assert one["sequence"] is not None
    assert log(target=history[2], action="template.remove") == []
    assert len(log(actor=tenant.admin_id, action="template.create")) == 12
    assert log(actor=tenant.admin_id, outcome="refused") == []


@pytest.mark.parametrize("limit", [1, 2, 5])
@pytest.mark.parametrize("search", [{}, {"action": "template.create"}, {"outcome": "succeeded"}])
def test_pages_join_without_gap_or_double(
    control_plane: Any, tenant: Any, history: list[str], log: Log, limit: int, search: dict[str, str]
) -> None:
    assert log(limit=limit, **search) == log(**search)
    control_plane.audit.sealer.seal(tenant.id)
    assert log(limit=limit, **search) == log(**search)


def test_an_entry_that_is_sealed_between_two_pages_is_neither_lost_nor_doubled(
    control_plane: Any, client: LambdaClient, tenant: Any, history: list[str], log: Log
) -> None:
    wanted = [each["id"] for each in log()]
    first = client("GET", "/v1/audit", token=tenant.admin, query={"limit": 3}).json
    control_plane.audit.sealer.seal(tenant.id)
    query = {"limit": 200, "cursor": first["next_cursor"]}
    rest = client("GET", "/v1/audit", token=tenant.admin, query=query).json
    assert [each["id"] for each in (*first["items"], *rest["items"])] == wanted


def test_a_late_entry_keeps_its_place_in_a_search_that_drops_much(
    control_plane: Any, tenant: Any, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its change took long: it is older than what is sealed already, and still unsealed."""
    late = Trail("rare.thing", tenant_id=tenant.id, actor="usr-1")
    time.sleep(0.002)
    for number in range(30):
        action = "rare.thing" if number % 10 == 5 else "usual.thing"
        control_plane.audit.record(Trail(action, tenant_id=tenant.id, actor="usr-1"), None)
    control_plane.audit.sealer.seal(tenant.id)
    control_plane.audit.record(late, None)
    monkeypatch.setattr(models, "_EXAMINED", 4)
    monkeypatch.setattr(models, "_ROUNDS", 2)
    found = [each["id"] for each in log(actor="usr-1", action="rare.thing", limit=50)]
    assert len(found) == 4
    assert found == sorted(set(found), reverse=True)
    assert found[-1] == late.id


def test_times_bound_it_on_both_sides(control_plane: Any, tenant: Any, history: list[str], log: Log) -> None:
    for _ in ("partly sealed", "sealed"):
        everything = log()
        fourth, ninth = everything[4], everything[9]
        between = log(**{"from": ninth["at"], "to": fourth["at"]})
        assert between == [each for each in everything if ninth["at"] <= each["at"] <= fourth["at"]]
        assert {fourth["id"], ninth["id"]} <= {each["id"] for each in between}
        assert log(**{"from": "2200-01-01T00:00:00Z"}) == []
        assert log(to="1999-01-01T00:00:00+23:00") == []
        control_plane.audit.sealer.seal(tenant.id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cursor": "AAAA"},
        {"from": "yesterday"},
        {"from": "2026-01-01T00:00:00"},
        {"outcome": "maybe"},
        {"actor": ""},
        {"since": "2026-01-01T00:00:00Z"},
        {"limit": 201},
    ],
)
def test_a_search_that_cannot_be_understood(client: LambdaClient, tenant: Any, wrong: dict[str, Any]) -> None:
    assert client("GET", "/v1/audit", token=tenant.admin, query=wrong).status == 422


@pytest.mark.parametrize("odd", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "-1", "1e12"])
def test_odd_times_do_no_harm(client: LambdaClient, tenant: Any, odd: str) -> None:
    for name in ("from", "to"):
        assert client("GET", "/v1/audit", token=tenant.admin, query={name: odd}).status in (200, 422)


def test_a_cursor_is_good_for_its_search_and_tenant_alone(
    client: LambdaClient, tenant: Any, stranger: Any, history: list[str]
) -> None:
    search = {"limit": 2, "action": "template.create"}
    cursor = client("GET", "/v1/audit", token=tenant.admin, query=search).json["next_cursor"]
    query = {**search, "cursor": cursor}
    assert client("GET", "/v1/audit", token=tenant.admin, query=query).status == 200
    assert client("GET", "/v1/audit", token=stranger.admin, query=query).status == 422
    other = {**query, "action": "template.change"}
    assert client("GET", "/v1/audit", token=tenant.admin, query=other).status == 422


def test_a_page_costs_the_same_however_long_the_log_is(
    control_plane: Any, client: LambdaClient, tenant: Any
) -> None:
    def write(count: int) -> None:
        for number in range(count):
            refused = number % 50 == 0
            trail = Trail(
                "a.b" if number % 2 else "c.d",
                tenant_id=tenant.id,
                actor=f"usr-{number % 7}",
                target_type="t",
                target_id=f"t-{number % 11}",
            )
            control_plane.audit.record(trail, Forbidden("no") if refused else None)
        control_plane.audit.sealer.seal(tenant.id)

    def cost(**query: Any) -> float:
        with metered() as units:
            answer = client("GET", "/v1/audit", token=tenant.admin, query={"limit": 20, **query})
        assert answer.status == 200
        return units.by_table["streamspace-audit read"]

    searches: list[dict[str, Any]] = [
        {},
        {"actor": "usr-3"},
        {"action": "a.b"},
        {"target": "t-5"},
        {"outcome": "refused"},
        {"action": "a.b", "outcome": "succeeded"},
    ]
    write(150)
    short = [cost(**each) for each in searches]
    write(450)
    long = [cost(**each) for each in searches]
    assert max(long) <= 45  # four pages of a hundred, where a filter drops much
    assert all(after <= before + 3 for before, after in zip(short, long, strict=True)), (short, long)
    rare = cost(actor="usr-nobody", action="a.b", outcome="succeeded")
    assert rare <= 2


def test_the_head_counts_what_waits(control_plane: Any, client: LambdaClient, tenant: Any) -> None:
    control_plane.audit.sealer.seal(tenant.id)
    template(client, tenant.admin, 1)
    head = client("GET", "/v1/audit/head", token=tenant.admin).json
    assert (head["sequence"], head["unsealed"]) == (2, 1)
    control_plane.audit.sealer.seal(tenant.id)
    assert client("GET", "/v1/audit/head", token=tenant.admin).json["sequence"] == 3


def test_actions_are_listed(client: LambdaClient, tenant: Any) -> None:
    names = client("GET", "/v1/audit/actions", token=tenant.admin).json["items"]
    assert {"session.create", "template.remove", "agent.enroll", "audit.export"} <= set(names)
    assert names == sorted(set(names))


def test_somebody_who_is_gone_stays_an_id_until_sealed_entries_name_them(
    control_plane: Any, client: LambdaClient, tenant: Any, log: Log
) -> None:
    template(client, tenant.admin, 1)
    control_plane.audit.sealer.seal(tenant.id)
    template(client, tenant.member, 2)
    person = control_plane.identity.people.get(tenant.id, tenant.member_id)
    control_plane.uow.commit(control_plane.identity.people.remove(person))
    unsealed = log(actor=tenant.member_id)[0]
    assert unsealed["actor"] == {"id": tenant.member_id, "name": ""}
    assert log(action="auth.login", actor=tenant.member_id)[0]["actor"]["name"] == "Member"
