"""Whatever takes somebody's access away holds from the next request on."""

from dataclasses import replace

import pytest

PASSWORD = "correct horse battery"


def _login(client, email, **more):
    answer = client("POST", "/v1/auth/login", {"email": email, "password": PASSWORD}, **more)
    assert answer.status == 200, answer.text
    return answer.json["access_token"], answer.cookies[0].split(";")[0]


def _me(client, token, **more):
    return client("GET", "/v1/me", token=token, **more)


@pytest.fixture
def change(control_plane, tenant):
    """`change(disabled=True)`: of the tenant's member, by whoever may."""

    def apply(**fields):
        control_plane.identity.change(tenant.id, tenant.member_id, lambda each: replace(each, **fields))

    return apply


@pytest.mark.feature("Signing out, or being signed out, stops every token of that sign-in at once")
def test_after_logout_the_access_token_is_worth_nothing(client, tenant):
    token, cookie = _login(client, tenant.member_email)
    assert _me(client, token).status == 200
    assert client("POST", "/v1/auth/logout", headers={"cookie": cookie}).status == 204
    refused = _me(client, token)
    assert refused.status == 401
    assert refused.json["code"] == "signed_out"
    assert _me(client, tenant.member).status == 200  # another sign-in of the same person


def test_a_reused_refresh_token_ends_its_access_tokens_too(client, tenant, monkeypatch):
    from chalicelib.identity import sign_in_rules

    token, cookie = _login(client, tenant.member_email)
    renewed = client("POST", "/v1/auth/refresh", headers={"cookie": cookie})
    monkeypatch.setattr(sign_in_rules, "REUSE_GRACE", sign_in_rules.timedelta(0))
    reused = client("POST", "/v1/auth/refresh", headers={"cookie": cookie})
    assert (reused.status, reused.json["code"]) == (401, "token_reused")
    assert _me(client, token).status == 401
    assert _me(client, renewed.json["access_token"]).status == 401


@pytest.mark.feature("A changed role holds from the next request on")
def test_role_groups_and_name_are_read_with_every_request(client, tenant, change):
    from chalicelib.identity.service import Role

    assert "users:write" not in _me(client, tenant.member).json["permissions"]
    change(role=Role.ADMIN, groups=("grp-1",), charged_group="grp-1", name="Renamed")
    me = _me(client, tenant.member).json
    assert "users:write" in me["permissions"]
    assert me["user"]["group_ids"] == ["grp-1"]
    assert me["user"]["charged_group_id"] == "grp-1"
    assert me["user"]["name"] == "Renamed"
    change(role=Role.AUDITOR, groups=(), charged_group=None)
    assert "sessions:write" not in _me(client, tenant.member).json["permissions"]
    assert _me(client, tenant.member).json["user"]["group_ids"] == []


def test_a_disabled_person_is_refused_everywhere(client, tenant, change):
    token, cookie = _login(client, tenant.member_email)
    change(disabled=True)
    assert _me(client, token).status == 401
    assert client("POST", "/v1/auth/refresh", headers={"cookie": cookie}).status == 401
    again = client("POST", "/v1/auth/login", {"email": tenant.member_email, "password": PASSWORD})
    assert (again.status, again.json["code"]) == (401, "wrong_credentials")
    change(disabled=False)
    assert _me(client, token).status == 200


def test_a_removed_person_is_refused(client, tenant, control_plane):
    identity = control_plane.identity
    identity.uow.commit(identity.people.remove(identity.person(tenant.id, tenant.member_id)))
    assert _me(client, tenant.member).status == 401
    assert identity.people.by_email(tenant.member_email) == []


@pytest.mark.feature("A suspended organisation's people are refused at once, and let in again as they were")
def test_a_suspended_tenant_is_refused_and_comes_back(client, tenant, control_plane):
    token, cookie = _login(client, tenant.admin_email)
    control_plane.tenancy.suspend(tenant.id, "unpaid")
    for answer in (
        _me(client, token),
        client("POST", "/v1/auth/refresh", headers={"cookie": cookie}),
        client("POST", "/v1/auth/login", {"email": tenant.admin_email, "password": PASSWORD}),
    ):
        assert (answer.status, answer.json["code"]) == (403, "tenant_suspended")
    control_plane.tenancy.resume(tenant.id)
    assert _me(client, token).status == 200


def test_a_tenant_that_is_being_deleted_lets_nobody_in(client, tenant, control_plane):
    tenancy = control_plane.tenancy
    tenancy.uow.commit([tenancy.begin_deletion(tenancy.get(tenant.id))])
    for answer in (
        _me(client, tenant.admin),
        client("POST", "/v1/auth/login", {"email": tenant.admin_email, "password": PASSWORD}),
    ):
        assert (answer.status, answer.json["code"]) == (401, "tenant_deleting")


@pytest.mark.feature("An organisation may say from which networks its people come in")
def test_an_allow_list_holds_at_sign_in_and_on_every_request(client, tenant):
    office, home = {"source_ip": "192.0.2.7"}, {"source_ip": "203.0.113.7"}
    token, cookie = _login(client, tenant.admin_email, **office)
    changed = client(
        "PATCH", "/v1/tenant", {"settings": {"ip_allow_list": ["192.0.2.0/24"]}}, token=token, **office
    )
    assert changed.status == 200, changed.text
    credentials = {"email": tenant.admin_email, "password": PASSWORD}
    for answer in (
        _me(client, token, **home),
        client("POST", "/v1/auth/refresh", headers={"cookie": cookie}, **home),
        client("POST", "/v1/auth/login", credentials, **home),
    ):
        assert (answer.status, answer.json["code"]) == (403, "address_not_allowed")
    assert _me(client, token, **office).status == 200
    assert client("POST", "/v1/auth/refresh", headers={"cookie": cookie}, **office).status == 200
    wrong = client("POST", "/v1/auth/login", {**credentials, "password": "not it at all"}, **home)
    assert wrong.status == 401  # who does not know the password learns nothing about the list
