"""Attack: a copy of a token is used a second time, beside or after its owner."""

import pytest


def _refresh(client, cookie):
    return client("POST", "/v1/auth/refresh", headers={"cookie": cookie})


def _later(monkeypatch):
    """The grace for two tabs has passed."""
    from chalicelib.identity import sign_in_rules

    monkeypatch.setattr(sign_in_rules, "REUSE_GRACE", sign_in_rules.timedelta(0))


@pytest.mark.feature("The known attacks on sign-in are tried by tests, one by one")
def test_a_copied_refresh_token_ends_the_sign_in_for_thief_and_owner(client, tenant, login, monkeypatch):
    token, stolen = login(tenant.member_email)
    owner = _refresh(client, stolen).cookies[0].split(";")[0]
    _later(monkeypatch)
    assert _refresh(client, stolen).status == 401
    assert _refresh(client, owner).status == 401
    assert client("GET", "/v1/me", token=token).status == 401


def test_it_works_the_other_way_round_too(client, tenant, login, monkeypatch):
    """The thief was first; the owner's next refresh gives the theft away."""
    _, cookie = login(tenant.member_email)
    thief = _refresh(client, cookie)
    _later(monkeypatch)
    assert _refresh(client, cookie).status == 401
    assert client("GET", "/v1/me", token=thief.json["access_token"]).status == 401
    assert _refresh(client, thief.cookies[0].split(";")[0]).status == 401


def test_the_theft_is_in_the_audit_log(client, tenant, login, monkeypatch, control_plane):
    _, cookie = login(tenant.member_email)
    _refresh(client, cookie)
    _later(monkeypatch)
    _refresh(client, cookie)
    told = [entry for kind, entry in control_plane.audit.export(tenant.id) if kind == "audit_entry"]
    [entry] = [each for each in told if each["action"] == "auth.refresh"]
    assert (entry["outcome"], entry["code"]) == ("refused", "token_reused")
    assert entry["actor"]["id"] == tenant.member_id


def test_after_signing_out_a_copy_is_worth_nothing(client, tenant, login):
    token, cookie = login(tenant.member_email)
    client("POST", "/v1/auth/logout", headers={"cookie": cookie})
    assert _refresh(client, cookie).status == 401
    assert client("GET", "/v1/me", token=token).status == 401


def test_a_guessed_secret_or_a_foreign_row_opens_nothing(client, tenant, stranger, login):
    _, cookie = login(tenant.member_email)
    _, theirs = login(stranger.member_email)
    name, _, value = cookie.partition("=")
    tenant_id, user_id, sign_in_id, secret = value.split(".")
    foreign = theirs.partition("=")[2].split(".")
    for forged in (
        [tenant_id, user_id, sign_in_id, "A" * len(secret)],
        [*foreign[:3], secret],
        [foreign[0], user_id, sign_in_id, secret],
        [tenant_id, foreign[1], sign_in_id, secret],
        [tenant_id, user_id, sign_in_id, ""],
    ):
        assert _refresh(client, f"{name}={'.'.join(forged)}").status == 401
