"""Attack: another site makes the victim's browser send requests (CSRF), or sign in as the attacker."""

import pytest

from chalicelib.identity.cookies import RefreshCookie

PASSWORD = "correct horse battery"
_FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://app.localhost:8080"},
    {"origin": "https://localhost:8080"},
    {"origin": "http://localhost:8080.evil.example"},
    {"origin": "http://localhost:8081"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "http://localhost:8080", "sec-fetch-site": "cross-site"},
]
_OWN = [
    {},
    {"origin": "http://localhost:8080"},
    {"origin": "http://localhost:8080", "sec-fetch-site": "same-origin"},
]


@pytest.mark.parametrize("headers", _FOREIGN, ids=str)
def test_other_sites_can_neither_refresh_nor_sign_out_nor_sign_in(client, tenant, login, headers):
    token, cookie = login(tenant.member_email)
    credentials = {"email": tenant.member_email, "password": PASSWORD}
    for path, body, sent in (
        ("/v1/auth/refresh", None, {"cookie": cookie}),
        ("/v1/auth/logout", None, {"cookie": cookie}),
        ("/v1/auth/login", credentials, {}),
        ("/v1/auth/sign-up/confirm", {"token": "x", "password": PASSWORD}, {}),
        ("/v1/auth/password-reset/confirm", {"token": "x", "new_password": PASSWORD}, {}),
    ):
        answer = client("POST", path, body, headers={**sent, **headers})
        assert (answer.status, answer.json["code"]) == (403, "cross_site"), path
        assert answer.cookies == []
    assert client("GET", "/v1/me", token=token).status == 200  # nobody was signed out


@pytest.mark.parametrize("headers", _OWN, ids=str)
def test_our_own_pages_can(client, tenant, login, headers):
    _, cookie = login(tenant.member_email, headers=headers)
    renewed = client("POST", "/v1/auth/refresh", headers={"cookie": cookie, **headers})
    assert renewed.status == 200
    newer = renewed.cookies[0].split(";")[0]
    assert client("POST", "/v1/auth/logout", headers={"cookie": newer, **headers}).status == 204


def test_a_form_cannot_sign_anybody_in(client, tenant):
    """A cross-site form needs no permission to send text/plain, and may well carry no Origin."""
    raw = f'{{"email": "{tenant.member_email}", "password": "{PASSWORD}"}}'.encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = client("POST", "/v1/auth/login", raw=raw, headers={"content-type": kind})
        assert answer.status == 415
        assert answer.cookies == []


def test_the_cookie_alone_opens_no_other_route(client, control_plane, tenant, login):
    """Browsers send cookies by themselves, access tokens they do not."""
    _, cookie = login(tenant.admin_email)
    for api in control_plane.apis:
        for operation in api.operations:
            if operation.security == "bearer" and not operation.parameters:
                answer = client(operation.method, operation.path, {}, headers={"cookie": cookie})
                assert answer.status == 401, operation.path


def test_the_cookie_is_kept_from_scripts_other_sites_and_other_paths(client, tenant):
    [cookie] = client("POST", "/v1/auth/login", {"email": tenant.member_email, "password": PASSWORD}).cookies
    attributes = {each.strip() for each in cookie.split(";")[1:]}
    assert {"HttpOnly", "SameSite=Strict", "Path=/v1/auth"} <= attributes
    assert not any(each.startswith("Domain=") for each in attributes)


def test_over_tls_the_cookie_is_secure_by_name():
    cookie = RefreshCookie(secure=True, lifetime=60, origin="https://desk.example")
    for text in (cookie.set("x"), cookie.clear()):
        assert text.startswith("__Secure-streamspace_refresh=")
        assert "; Secure" in text


def test_no_answer_lets_another_site_read_it(client, tenant):
    for answer in (
        client("GET", "/v1/me", token=tenant.member, headers={"origin": "https://evil.example"}),
        client("GET", "/v1/me", headers={"origin": "https://evil.example"}),
        client("DELETE", "/v1/sessions/ses-01kb0000000000000000000000", token=tenant.member),
    ):
        assert "access-control-allow-origin" not in answer.headers
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
