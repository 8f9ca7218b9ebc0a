"""Sign-in, refresh and the caller, through the Lambda entry point."""

from typing import Any

import pytest

PASSWORD = "correct horse battery"


def _cookie(answer: Any) -> str:
    [cookie] = answer.cookies
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    return cookie.split(";")[0]


@pytest.mark.feature("People sign in with e-mail and password")
def test_login_gives_a_token_that_works(client, tenant):
    answer = client("POST", "/v1/auth/login", {"email": tenant.admin_email.upper(), "password": PASSWORD})
    assert answer.status == 200
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 900
    me = client("GET", "/v1/me", token=answer.json["access_token"])
    assert me.status == 200
    assert (me.json["tenant"]["id"], me.json["tenant"]["slug"]) == (tenant.id, tenant.slug)
    assert me.json["user"]["role"] == "admin"
    assert me.json["via"] == "sign-in"


def test_the_last_sign_in_is_remembered(control_plane, client, tenant):
    def last():
        return control_plane.identity.person(tenant.id, tenant.member_id).last_sign_in_at

    before = last()
    client("POST", "/v1/auth/login", {"email": tenant.member_email, "password": "not it at all"})
    assert last() == before
    client("POST", "/v1/auth/login", {"email": tenant.member_email, "password": PASSWORD})
    assert last() > before


def test_signing_in_and_out_is_in_the_audit_log(control_plane, client, tenant):
    cookie = _cookie(client("POST", "/v1/auth/login", {"email": tenant.member_email, "password": PASSWORD}))
    client("POST", "/v1/auth/logout", headers={"cookie": cookie})
    told = [each for _, each in control_plane.audit.export(tenant.id)]
    mine = [each for each in told if each["actor"]["id"] == tenant.member_id]
    assert [(each["action"], each["outcome"]) for each in mine][-2:] == [
        ("auth.login", "succeeded"),
        ("auth.logout", "succeeded"),
    ]
    assert mine[-2]["via"] == mine[-1]["via"] == f"sign-in:{cookie.split('.')[2]}"


def test_wrong_password_and_unknown_account_read_the_same(client, tenant):
    wrong = client("POST", "/v1/auth/login", {"email": tenant.admin_email, "password": "not it at all"})
    unknown = client(
        "POST", "/v1/auth/login", {"email": "nobody@nowhere.example", "password": "not it at all"}
    )
    assert wrong.status == unknown.status == 401
    assert {**wrong.json, "request_id": ""} == {**unknown.json, "request_id": ""}
    assert wrong.headers["content-type"] == "application/problem+json"


def test_lockout_after_repeated_failures(client, tenant):
    body = {"email": tenant.member_email, "password": "wrong wrong wrong"}
    statuses = [client("POST", "/v1/auth/login", body).status for _ in range(7)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    locked = client("POST", "/v1/auth/login", {**body, "password": PASSWORD})
    assert locked.status == 429
    assert int(locked.headers["retry-after"]) >= 1


@pytest.mark.feature("A stolen refresh token ends the sign-in it came from")
def test_refresh_rotates_and_reuse_ends_the_family(client, tenant, control_plane, monkeypatch):
    from chalicelib.identity import sign_in_rules

    first = _cookie(client("POST", "/v1/auth/login", {"email": tenant.admin_email, "password": PASSWORD}))
    rotated = client("POST", "/v1/auth/refresh", headers={"cookie": first})
    assert rotated.status == 200
    second = _cookie(rotated)
    assert second != first
    monkeypatch.setattr(sign_in_rules, "REUSE_GRACE", sign_in_rules.timedelta(0))
    assert client("POST", "/v1/auth/refresh", headers={"cookie": first}).status == 401
    assert client("POST", "/v1/auth/refresh", headers={"cookie": second}).status == 401


def test_of_refreshes_only_the_refused_are_in_the_audit_log(client, tenant, control_plane, monkeypatch):
    from chalicelib.identity import sign_in_rules

    def told():
        return [each for _, each in control_plane.audit.export(tenant.id) if each["action"] == "auth.refresh"]

    first = _cookie(client("POST", "/v1/auth/login", {"email": tenant.admin_email, "password": PASSWORD}))
    assert client("POST", "/v1/auth/refresh", headers={"cookie": first}).status == 200
    assert told() == []
    monkeypatch.setattr(sign_in_rules, "REUSE_GRACE", sign_in_rules.timedelta(0))
    assert client("POST", "/v1/auth/refresh", headers={"cookie": first}).status == 401
    [entry] = told()
    assert (entry["outcome"], entry["code"]) == ("refused", "token_reused")
    assert entry["actor"]["id"] == tenant.admin_id


def test_two_tabs_refresh_at_once(client, tenant):
    first = _cookie(client("POST", "/v1/auth/login", {"email": tenant.admin_email, "password": PASSWORD}))
    second = _cookie(client("POST", "/v1/auth/refresh", headers={"cookie": first}))
    late = client("POST", "/v1/auth/refresh", headers={"cookie": first})
    assert late.status == 200
    assert late.cookies == []
    assert client("POST", "/v1/auth/refresh", headers={"cookie": second}).status == 200


def test_logout_ends_the_family(client, tenant):
    cookie = _cookie(client("POST", "/v1/auth/login", {"email": tenant.admin_email, "password": PASSWORD}))
    assert client("POST", "/v1/auth/logout", headers={"cookie": cookie}).status == 204
    assert client("POST", "/v1/auth/refresh", headers={"cookie": cookie}).status == 401


def test_refresh_from_another_site_is_refused(client, tenant):
    cookie = _cookie(client("POST", "/v1/auth/login", {"email": tenant.admin_email, "password": PASSWORD}))
    answer = client("POST", "/v1/auth/refresh", headers={"cookie": cookie, "origin": "http://evil.example"})
    assert answer.status == 403


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x.y.z", "Basic abc"])
def test_no_valid_token_is_401(client, control_plane, header):
    answer = client("GET", "/v1/me", headers={"authorization": header} if header else None)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_bad_input_names_the_field(client, control_plane):
    answer = client("POST", "/v1/auth/login", {"email": "x", "pass": "y"})
    assert answer.status == 422
    assert {each["field"] for each in answer.json["errors"]} == {"email", "password", "pass"}
    assert client("POST", "/v1/auth/login", raw=b"{nonsense").status == 400
    text = client("POST", "/v1/auth/login", raw=b"x=1", headers={"content-type": "text/plain"})
    assert text.status == 415
