"""One's own account."""

import pytest

PASSWORD = "correct horse battery"
NEW = "a different battery horse"


def _login(client, email, password=PASSWORD, **more):
    answer = client("POST", "/v1/auth/login", {"email": email, "password": password}, **more)
    assert answer.status == 200, answer.text
    return answer.json["access_token"]


@pytest.mark.feature("People set their name, theme, start page and time zone")
def test_name_and_preferences(client, tenant):
    me = client("GET", "/v1/me", token=tenant.member).json
    usual = {"theme": "system", "start_page": "catalog", "time_zone": None}
    assert me["user"]["preferences"] == usual
    assert me["tenant"]["branding"] == {"accent": None, "logo": None}
    body = {"name": "Ada", "preferences": {"theme": "dark", "time_zone": "Europe/Berlin"}}
    changed = client("PATCH", "/v1/me", body, token=tenant.member)
    assert changed.status == 200, changed.text
    assert changed.json["user"]["name"] == "Ada"
    assert changed.json["user"]["preferences"] == {**usual, "theme": "dark", "time_zone": "Europe/Berlin"}
    partly = client("PATCH", "/v1/me", {"preferences": {"time_zone": None}}, token=tenant.member).json
    assert partly["user"]["preferences"] == {**usual, "theme": "dark"}
    assert partly["user"]["name"] == "Ada"
    for wrong in ({"preferences": {"theme": "pink"}}, {"preferences": {"time_zone": "../x"}}, {"name": ""}):
        assert client("PATCH", "/v1/me", wrong, token=tenant.member).status == 422


@pytest.mark.feature("Changing one's password signs out everywhere else")
def test_password_change(client, tenant, here):
    elsewhere = _login(client, tenant.member_email)
    body = {"current_password": "not it at all", "new_password": NEW}
    wrong = client("PUT", "/v1/me/password", body, token=tenant.member, source_ip=here)
    assert (wrong.status, wrong.json["code"]) == (403, "wrong_password")
    assert wrong.json["errors"][0]["field"] == "current_password"
    body["current_password"] = PASSWORD
    weak = client(
        "PUT",
        "/v1/me/password",
        {**body, "new_password": "password1234"},
        token=tenant.member,
        source_ip=here,
    )
    assert weak.json["errors"][0]["field"] == "new_password"
    assert client("PUT", "/v1/me/password", body, token=tenant.member, source_ip=here).status == 204
    assert client("GET", "/v1/me", token=tenant.member).status == 200
    assert client("GET", "/v1/me", token=elsewhere).status == 401
    _login(client, tenant.member_email, NEW, source_ip=here)


def test_a_stolen_access_token_cannot_guess_the_password(client, tenant, here):
    body = {"current_password": "not it at all", "new_password": NEW}
    statuses = [
        client("PUT", "/v1/me/password", body, token=tenant.member, source_ip=here).status for _ in range(7)
    ]
    assert statuses[0] == 403
    assert 429 in statuses


@pytest.mark.feature("People see where they are signed in, and end any of those sign-ins")
def test_sign_ins(client, tenant):
    more = {"headers": {"user-agent": "Firefox on a train"}, "source_ip": "192.0.2.77"}
    other = _login(client, tenant.member_email, **more)
    _login(client, tenant.member_email)
    listed = client("GET", "/v1/me/sign-ins", token=tenant.member).json["items"]
    assert len(listed) == 3
    assert [each["current"] for each in listed].count(True) == 1
    [train] = [each for each in listed if each["user_agent"] == "Firefox on a train"]
    assert train["source_ip"] == "192.0.2.77"
    assert client("DELETE", f"/v1/me/sign-ins/{train['id']}", token=tenant.member).status == 204
    assert client("DELETE", f"/v1/me/sign-ins/{train['id']}", token=tenant.member).status == 404
    assert client("GET", "/v1/me", token=other).status == 401
    assert client("DELETE", "/v1/me/sign-ins", token=tenant.member).status == 204
    [left] = client("GET", "/v1/me/sign-ins", token=tenant.member).json["items"]
    assert left["current"]


def test_sign_ins_come_in_pages(client, tenant):
    for _ in range(3):
        _login(client, tenant.member_email)
    seen, cursor = [], None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = client("GET", "/v1/me/sign-ins", token=tenant.member, query=query).json
        seen += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        # A cursor is of one person's list.
        stolen = client("GET", "/v1/me/sign-ins", token=tenant.admin, query={"cursor": cursor})
        assert stolen.status == 422
    assert len(seen) == len(set(seen)) == 4


def test_nobody_ends_anothers_sign_in(client, tenant, stranger):
    [theirs] = client("GET", "/v1/me/sign-ins", token=stranger.member).json["items"]
    assert client("DELETE", f"/v1/me/sign-ins/{theirs['id']}", token=tenant.member).status == 404
    assert client("GET", "/v1/me", token=stranger.member).status == 200


def test_several_organisations_and_different_passwords(client, tenant, stranger, control_plane, here):
    from chalicelib.identity.service import Role

    both = f"both@{stranger.slug}.example"
    control_plane.identity.create_user(tenant.id, both, "Both", PASSWORD, Role.MEMBER)
    control_plane.identity.create_user(stranger.id, both, "Both", NEW, Role.MEMBER)
    for password, home in ((PASSWORD, tenant), (NEW, stranger)):
        token = _login(client, both, password, source_ip=here)
        assert client("GET", "/v1/me", token=token).json["tenant"]["id"] == home.id
    body = {"email": both, "password": PASSWORD, "tenant": stranger.slug}
    assert client("POST", "/v1/auth/login", body, source_ip=here).status == 401
    body["tenant"] = tenant.slug.upper()
    assert client("POST", "/v1/auth/login", body, source_ip=here).status == 200


def test_an_organisation_asks_for_longer_passwords(client, tenant, here):
    assert (
        client("PATCH", "/v1/tenant", {"settings": {"password_min_length": 24}}, token=tenant.admin).status
        == 200
    )
    body = {"current_password": PASSWORD, "new_password": "battery horse correct"}
    short = client("PUT", "/v1/me/password", body, token=tenant.member, source_ip=here)
    assert short.status == 422
    assert "24" in short.json["errors"][0]["message"]


def test_what_is_exported_opens_nothing_and_erasing_leaves_nothing(tenant, control_plane):
    identity = control_plane.identity
    told = list(identity.export(tenant.id))
    assert {kind for kind, _ in told} == {"user", "sign_in"}
    assert {each["email"] for kind, each in told if kind == "user"} == {
        tenant.admin_email,
        tenant.member_email,
    }
    assert not any("argon2" in str(each) or "current" in each or "password" in str(each) for _, each in told)
    while not identity.erase(tenant.id):
        pass
    assert list(identity.export(tenant.id)) == []
    assert identity.people.by_email(tenant.admin_email) == []
