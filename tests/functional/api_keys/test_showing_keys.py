"""What a key opens, and when it does not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.api_keys.models import ApiKeyRow
from chalicelib.identity.service import Role
from tests.support.capacity_units import metered


def change(control_plane: Any, tenant_id: str, user_id: str, **fields: Any) -> None:
    people = control_plane.identity.people
    before = people.get(tenant_id, user_id)
    control_plane.uow.commit([people.change(before, replace(before, **fields))])


def row(tenant: Any, key: dict[str, Any]) -> ApiKeyRow:
    return ApiKeyRow.get(tenant.id, key["id"], consistent_read=True)


@pytest.mark.feature("API keys carry scopes, expire, rotate with an overlap and can be revoked at once")
def test_a_key_does_what_its_scopes_allow_and_nothing_else(client, tenant, make_key):
    key = make_key(tenant.admin, "templates:read", "quotas:read")["key"]
    assert client("GET", "/v1/templates", token=key).status == 200
    assert client("GET", "/v1/quotas", token=key).status == 200
    refused = client("GET", "/v1/controllers", token=key)
    assert (refused.status, refused.json["permission"]) == (403, "controllers:read")
    me = client("GET", "/v1/me", token=key).json
    assert me["permissions"] == ["quotas:read", "templates:read"]
    assert me["user"]["id"] == tenant.admin_id


def test_a_key_goes_through_a_sessions_life_as_its_owner(client, tenant, make_key):
    key = make_key(tenant.member, "sessions:read", "sessions:write", "templates:read")["key"]
    body = {"name": "T", "image": "streamspace/terminal:dev"}
    template = client("POST", "/v1/templates", body, token=tenant.admin).json["id"]
    session = client("POST", "/v1/sessions", {"template_id": template}, token=key)
    assert session.status == 201, session.text
    path = f"/v1/sessions/{session.json['id']}"
    assert client("GET", path, token=tenant.member).json["user_id"] == tenant.member_id
    assert client("DELETE", path, token=key).status < 300


def test_a_narrower_role_narrows_the_key_at_once(control_plane, client, tenant, make_key):
    key = make_key(tenant.admin, "templates:write", "templates:read")["key"]
    body = {"name": "T", "image": "streamspace/terminal:dev"}
    assert client("POST", "/v1/templates", body, token=key).status == 201
    change(control_plane, tenant.id, tenant.admin_id, role=Role.MEMBER)
    assert client("POST", "/v1/templates", body, token=key).status == 403
    assert client("GET", "/v1/templates", token=key).status == 200
    change(control_plane, tenant.id, tenant.admin_id, role=Role.ADMIN)
    assert client("POST", "/v1/templates", body, token=key).status == 201


def test_a_disabled_owners_key_is_no_key(control_plane, client, tenant, make_key):
    key = make_key(tenant.member)["key"]
    change(control_plane, tenant.id, tenant.member_id, disabled=True)
    answer = client("GET", "/v1/sessions", token=key)
    assert (answer.status, answer.json["code"]) == (401, "key_invalid")


def test_a_suspended_tenants_key_is_refused(control_plane, client, tenant, make_key):
    key = make_key(tenant.member)["key"]
    assert client("GET", "/v1/sessions", token=key).status == 200
    control_plane.tenancy.suspend(tenant.id, "unpaid")
    assert client("GET", "/v1/sessions", token=key).status in (401, 403)


@pytest.mark.parametrize("wrong", ["secret", "key", "tenant", "prefix", "tail", "case", "empty"])
def test_every_wrong_key_gets_the_same_answer(client, tenant, stranger, make_key, wrong):
    right = make_key(tenant.member)["key"]
    foreign = make_key(stranger.member)["key"]
    tenant_part, key_part, secret = right[4:].split("_", 2)
    shown = {
        "secret": f"ssk_{tenant_part}_{key_part}_{foreign[-43:]}",
        "key": f"ssk_{tenant_part}_{foreign[4:].split('_', 2)[1]}_{secret}",
        "tenant": f"ssk_{'0' * 26}_{key_part}_{secret}",
        "prefix": "ssk_" + right,
        "tail": right + "A",
        "case": f"ssk_{tenant_part.upper()}_{key_part}_{secret}",
        "empty": "ssk_",
    }[wrong]
    answer = client("GET", "/v1/sessions", token=shown)
    assert {name: answer.json[name] for name in ("status", "code", "detail", "errors")} == {
        "status": 401,
        "code": "key_invalid",
        "detail": "This API key is not valid.",
        "errors": [],
    }
    assert client("GET", "/v1/sessions", token=right).status == 200


def test_an_expired_key_says_so_to_its_holder_alone(client, tenant, make_key, time):
    key = make_key(tenant.member, expires_in_days=1)
    assert client("GET", "/v1/sessions", token=key["key"]).status == 200
    time.ahead = timedelta(days=1, seconds=1)
    answer = client("GET", "/v1/sessions", token=key["key"])
    assert (answer.status, answer.json["code"]) == (401, "key_expired")
    guessed = client("GET", "/v1/sessions", token=key["key"][:-2] + "AA")
    assert (guessed.status, guessed.json["code"]) == (401, "key_invalid")
    listed = client("GET", "/v1/api-keys", token=tenant.member).json["items"]
    assert [each["state"] for each in listed] == ["expired"]


def test_a_key_in_the_address_is_not_looked_at(client, tenant, make_key):
    key = make_key(tenant.member)["key"]
    for name in ("api_key", "access_token", "key", "token", "authorization"):
        assert client("GET", "/v1/me", query={name: key}).status == 401, name


def test_a_key_is_a_bearer_token_and_nothing_else(client, tenant, make_key):
    key = make_key(tenant.member)["key"]
    for headers in ({"authorization": f"Basic {key}"}, {"authorization": key}, {"x-api-key": key}):
        assert client("GET", "/v1/me", headers=headers).status == 401
    assert client("GET", "/v1/me", headers={"cookie": f"streamspace_refresh={key}"}).status == 401


def test_a_key_makes_no_key_and_ends_none(client, tenant, owner, make_key):
    everything = client("GET", "/v1/me", token=owner).json["permissions"]
    scopes = [each for each in everything if each not in ("account:write", "owners:write", "tenant:delete")]
    made = make_key(owner, *scopes)
    key = made["key"]
    assert client("GET", "/v1/me", token=key).json["permissions"] == scopes
    body = {"name": "more", "scopes": ["sessions:read"]}
    assert client("POST", "/v1/api-keys", body, token=key).status == 403
    assert client("POST", f"/v1/api-keys/{made['id']}/rotate", {}, token=key).status == 403
    assert client("DELETE", f"/v1/api-keys/{made['id']}", token=key).status == 403


def test_personal_scopes_in_a_row_give_nothing(client, tenant, owner, make_key):
    made = make_key(owner, "users:read")
    wider = {"users:read", "account:write", "tenant:delete"}
    row(tenant, made).update(actions=[ApiKeyRow.scopes.set(wider)])
    assert client("GET", "/v1/me", token=made["key"]).json["permissions"] == ["users:read"]


def test_last_use_is_noted_once_in_five_minutes(client, tenant, make_key, time):
    key = make_key(tenant.member)
    assert row(tenant, key).last_used_at is None
    client("GET", "/v1/sessions", token=key["key"])
    first = row(tenant, key)
    assert first.last_used_at
    [listed] = client("GET", "/v1/api-keys", token=tenant.member).json["items"]
    assert listed["last_used_at"]
    assert listed["last_used_ip"] == first.last_used_ip
    time.ahead = timedelta(minutes=4, seconds=50)
    client("GET", "/v1/sessions", token=key["key"])
    assert row(tenant, key).last_used_at == first.last_used_at
    time.ahead = timedelta(minutes=5, seconds=1)
    client("GET", "/v1/sessions", token=key["key"])
    assert row(tenant, key).last_used_at > first.last_used_at


def test_a_use_that_cannot_be_noted_refuses_nothing(control_plane, client, tenant, make_key, monkeypatch):
    key = make_key(tenant.member)
    commit = type(control_plane.uow).commit

    def failing(self: Any, writes: Any, **options: Any) -> None:
        if options.get("aside"):
            raise RuntimeError("the store is full")
        commit(self, writes, **options)

    monkeypatch.setattr(type(control_plane.uow), "commit", failing)
    assert client("GET", "/v1/sessions", token=key["key"]).status == 200
    assert row(tenant, key).last_used_at is None


def test_the_audit_log_names_the_key(client, tenant, make_key):
    made = make_key(tenant.admin, "templates:write")
    body = {"name": "By a key", "image": "streamspace/terminal:dev"}
    assert client("POST", "/v1/templates", body, token=made["key"]).status == 201
    found = client("GET", "/v1/audit", token=tenant.admin)
    assert found.status == 200
    assert f"api-key:{made['id']}" in {entry["via"] for entry in found.json["items"]}
    [creation] = [entry for entry in found.json["items"] if entry["action"] == "api_key.create"]
    assert creation["target"] == {"type": "api_key", "id": made["id"], "name": "ci"}
    assert made["key"][-43:] not in found.text


def test_the_secret_is_stored_nowhere(client, tenant, make_key):
    made = make_key(tenant.member)
    assert made["key"][-43:] not in str(row(tenant, made).serialize())
    assert made["key"][-43:] not in client("GET", "/v1/api-keys", token=tenant.member).text


def test_what_a_key_costs_each_request(client, tenant, make_key):
    key = make_key(tenant.member)["key"]
    with metered() as first:
        assert client("GET", "/v1/sessions", token=key).status == 200
    with metered() as units:
        assert client("GET", "/v1/sessions", token=key).status == 200
    assert first.by_table["streamspace-api-keys write"] <= 2, "the row and its index"
    assert units.write == 0, "the use was noted before"
    read = {name.split()[0].removeprefix("streamspace-"): amount for name, amount in units.by_table.items()}
    assert {name: read[name] for name in ("api-keys", "users", "tenants")} == {
        "api-keys": 1,
        "users": 1,
        "tenants": 1,
    }
