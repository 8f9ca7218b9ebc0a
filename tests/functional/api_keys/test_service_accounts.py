"""Accounts for programs: no password, no address, keys alone."""

from typing import Any

import pytest

from chalicelib.identity.service import Role


def make_account(client: Any, token: str, **body: Any) -> dict[str, Any]:
    answer = client("POST", "/v1/service-accounts", {"name": "ci", "role": "member", **body}, token=token)
    assert answer.status == 201, answer.text
    return dict(answer.json)


@pytest.mark.feature("Service accounts let programs work with keys that belong to no person")
def test_a_service_account_works_by_its_keys(client, tenant, make_key):
    account = make_account(client, tenant.admin, name="nightly build", role="operator")
    assert (account["kind"], account["email"], account["role"]) == ("service", "", "operator")
    key = make_key(tenant.admin, "templates:write", "templates:read", user_id=account["id"])
    assert key["user_id"] == account["id"]
    me = client("GET", "/v1/me", token=key["key"]).json
    assert (me["user"]["id"], me["user"]["kind"]) == (account["id"], "service")
    body = {"name": "T", "image": "streamspace/terminal:dev"}
    assert client("POST", "/v1/templates", body, token=key["key"]).status == 201
    services = client("GET", "/v1/users", token=tenant.admin, query={"kind": "service"}).json["items"]
    assert [each["id"] for each in services] == [account["id"]]


def test_it_cannot_sign_in(client, tenant):
    account = make_account(client, tenant.admin)
    for email in ("", account["id"], f"{account['id']}@{tenant.slug}.example"):
        answer = client("POST", "/v1/auth/login", {"email": email, "password": "x" * 12})
        assert answer.status in (401, 422)


def test_it_is_never_an_owner(client, owner):
    answer = client("POST", "/v1/service-accounts", {"name": "x", "role": "owner"}, token=owner)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "role")


def test_only_who_may_makes_them_or_their_keys(control_plane, client, tenant):
    account = make_account(client, tenant.admin)
    body = {"name": "x", "role": "member"}
    assert client("POST", "/v1/service-accounts", body, token=tenant.member).status == 403
    asked = {"name": "x", "scopes": ["sessions:read"], "user_id": account["id"]}
    assert client("POST", "/v1/api-keys", asked, token=tenant.member).status == 403


def test_a_key_that_could_not_make_an_admin_makes_no_admin(client, tenant, make_key):
    key = make_key(tenant.admin, "api_keys:write_all")["key"]
    body = {"name": "x", "role": "admin"}
    assert client("POST", "/v1/service-accounts", body, token=key).status == 403


def test_nobody_gets_a_key_that_speaks_for_another_person(client, tenant, stranger):
    foreign = make_account(client, stranger.admin)
    for user_id in (tenant.member_id, stranger.member_id, foreign["id"], f"usr-{'0' * 26}"):
        asked = {"name": "x", "scopes": ["sessions:read"], "user_id": user_id}
        answer = client("POST", "/v1/api-keys", asked, token=tenant.admin)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, "user_id")


def test_scopes_stay_within_the_accounts_role(client, tenant):
    account = make_account(client, tenant.admin, role="member")
    asked = {"name": "x", "scopes": ["templates:write"], "user_id": account["id"]}
    assert client("POST", "/v1/api-keys", asked, token=tenant.admin).status == 422


def test_admins_rotate_and_revoke_its_keys(client, tenant, make_key):
    account = make_account(client, tenant.admin)
    key = make_key(tenant.admin, user_id=account["id"])
    rotated = client("POST", f"/v1/api-keys/{key['id']}/rotate", {}, token=tenant.admin)
    assert rotated.status == 201
    assert client("GET", "/v1/sessions", token=rotated.json["key"]).status == 200
    for each in (key["id"], rotated.json["id"]):
        assert client("DELETE", f"/v1/api-keys/{each}", token=tenant.admin).status == 204
    assert client("GET", "/v1/sessions", token=rotated.json["key"]).status == 401


def test_groups_are_the_tenants_own(client, tenant, stranger):
    mine = client("POST", "/v1/groups", {"name": "Builders"}, token=tenant.admin).json["id"]
    theirs = client("POST", "/v1/groups", {"name": "Builders"}, token=stranger.admin).json["id"]
    assert make_account(client, tenant.admin, group_ids=[mine])["group_ids"] == [mine]
    body = {"name": "x", "role": "member", "group_ids": [theirs]}
    assert client("POST", "/v1/service-accounts", body, token=tenant.admin).status == 422


def test_removing_it_ends_its_keys(control_plane, client, tenant, make_key):
    account = make_account(client, tenant.admin)
    key = make_key(tenant.admin, user_id=account["id"])
    assert client("DELETE", f"/v1/users/{account['id']}", token=tenant.admin).status == 204
    assert client("GET", "/v1/sessions", token=key["key"]).status == 401
    listed = client("GET", "/v1/api-keys", token=tenant.admin, query={"all": "true"}).json["items"]
    assert [each["state"] for each in listed] == ["revoked"]


def test_its_role_can_be_changed_and_its_keys_follow(control_plane, client, tenant, make_key):
    account = make_account(client, tenant.admin, role="operator")
    key = make_key(tenant.admin, "templates:write", user_id=account["id"])["key"]
    path = f"/v1/users/{account['id']}"
    assert client("PATCH", path, {"role": Role.MEMBER.value}, token=tenant.admin).status == 200
    body = {"name": "T", "image": "streamspace/terminal:dev"}
    assert client("POST", "/v1/templates", body, token=key).status == 403
