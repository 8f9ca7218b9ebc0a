"""Attack: the victim signs in, and the attacker knew the sign-in beforehand."""

import pytest

from tests.functional.conftest import PASSWORD


def _sign_in_of(cookie):
    return cookie.partition("=")[2].split(".")[2]


def test_signing_in_never_adopts_what_the_browser_sent(client, tenant, login):
    _, planted = login(tenant.member_email)
    token, fresh = login(tenant.admin_email, headers={"cookie": planted})
    assert _sign_in_of(fresh) != _sign_in_of(planted)
    assert fresh.rpartition(".")[2] != planted.rpartition(".")[2]
    # What the attacker knows still opens the attacker's own account and nothing of the victim's.
    renewed = client("POST", "/v1/auth/refresh", headers={"cookie": planted}).json["access_token"]
    assert client("GET", "/v1/me", token=renewed).json["user"]["id"] == tenant.member_id
    assert client("GET", "/v1/me", token=token).json["user"]["id"] == tenant.admin_id


def test_nor_what_anybody_put_into_the_request(client, tenant):
    body = {"email": tenant.admin_email, "password": PASSWORD}
    chosen = "sgn-01kb0000000000000000000000"
    answer = client(
        "POST",
        "/v1/auth/login",
        body,
        query={"sign_in_id": chosen, "sid": chosen},
        headers={"x-sign-in-id": chosen, "x-session-id": chosen},
    )
    assert chosen not in answer.cookies[0]
    assert client("POST", "/v1/auth/login", {**body, "sign_in_id": chosen}).status == 422


def test_every_sign_in_and_every_refresh_makes_a_new_secret(client, tenant, login):
    cookies = [login(tenant.member_email)[1] for _ in range(2)]
    for _ in range(2):
        renewed = client("POST", "/v1/auth/refresh", headers={"cookie": cookies[-1]})
        cookies.append(renewed.cookies[0].split(";")[0])
    assert len({cookie.rpartition(".")[2] for cookie in cookies}) == 4


@pytest.mark.parametrize("password", ["not it at all", PASSWORD])
def test_a_sign_in_that_fails_or_is_refused_sets_no_cookie(client, tenant, control_plane, password):
    control_plane.tenancy.suspend(tenant.id, "unpaid")
    answer = client("POST", "/v1/auth/login", {"email": tenant.member_email, "password": password})
    assert answer.status in {401, 403}
    assert answer.cookies == []


def test_a_new_password_ends_sign_ins_that_an_attacker_may_hold(client, tenant, login):
    planted, cookie = login(tenant.member_email)
    body = {"current_password": PASSWORD, "new_password": "another battery horse"}
    assert client("PUT", "/v1/me/password", body, token=tenant.member).status == 204
    assert client("GET", "/v1/me", token=planted).status == 401
    assert client("POST", "/v1/auth/refresh", headers={"cookie": cookie}).status == 401
