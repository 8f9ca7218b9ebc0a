"""One e-mail address in several organisations: whoever runs one of them gains nothing against the others.

An organisation can make an account with anybody's address: who invites is shown the link.
"""

from typing import Any

import pytest

from chalicelib.identity.service import Role

PASSWORD = "correct horse battery"
THEIRS = "a password of the attacker's"


@pytest.fixture
def shared(control_plane: Any, tenant: Any, stranger: Any) -> str:
    """A member of `tenant` in whose name the attacker made an account in their own, older or newer."""
    control_plane.identity.create_user(stranger.id, tenant.member_email, "Me", THEIRS, Role.MEMBER)
    return str(tenant.member_email)


def _login(client: Any, email: str, password: str, here: str, **more: str) -> Any:
    body = {"email": email, "password": password, **more}
    return client("POST", "/v1/auth/login", body, source_ip=here)


def _refused(control_plane: Any, tenant: Any, action: str = "auth.login") -> list[Any]:
    told = [each for _, each in control_plane.audit.export(tenant.id)]
    return [each for each in told if each["action"] == action and each["outcome"] == "refused"]


@pytest.mark.parametrize("how", ["signing in", "confirming a password"])
def test_ones_own_account_does_not_make_guesses_at_anothers_free(
    client: Any, shared: str, stranger: Any, tenant: Any, here: str, how: str
) -> None:
    token = _login(client, shared, THEIRS, here).json["access_token"]
    statuses = []
    for _ in range(4):
        statuses += [_login(client, shared, "a guess at it", here, tenant=tenant.slug).status for _ in "123"]
        if how == "signing in":
            _login(client, shared, THEIRS, here, tenant=stranger.slug)
        else:
            body = {"current_password": THEIRS, "new_password": THEIRS}
            client("PUT", "/v1/me/password", body, token=token, source_ip=here)
    assert 429 in statuses


def test_the_same_password_in_two_is_no_news_for_either(
    client: Any, control_plane: Any, tenant: Any, stranger: Any, here: str
) -> None:
    control_plane.identity.create_user(stranger.id, tenant.member_email, "Me", PASSWORD, Role.MEMBER)
    answer = _login(client, tenant.member_email, PASSWORD, here)
    assert (answer.status, answer.json["code"]) == (409, "tenant_required")
    assert _refused(control_plane, tenant) == _refused(control_plane, stranger) == []


@pytest.mark.parametrize("closed", ["tenant", "stranger"])
def test_where_one_is_not_let_in_the_other_does_not_read(
    client: Any, control_plane: Any, shared: str, tenant: Any, stranger: Any, here: str, closed: str
) -> None:
    shut, other = (tenant, stranger) if closed == "tenant" else (stranger, tenant)
    control_plane.tenancy.suspend(shut.id, "a test")
    answer = _login(client, shared, PASSWORD if shut is tenant else THEIRS, here)
    assert (answer.status, answer.json["code"]) == (403, "tenant_suspended")
    assert [each["code"] for each in _refused(control_plane, shut)] == ["tenant_suspended"]
    assert _refused(control_plane, other) == []


def test_a_guess_at_several_accounts_is_in_the_log_of_each(
    client: Any, control_plane: Any, shared: str, tenant: Any, stranger: Any, here: str
) -> None:
    assert _login(client, shared, "a guess at it", here).status == 401
    entries = [_refused(control_plane, each) for each in (tenant, stranger)]
    assert [[each["code"] for each in found] for found in entries] == [["wrong_credentials"]] * 2
    assert entries[0][0]["actor"]["id"] == tenant.member_id
    assert entries[0][0]["id"] != entries[1][0]["id"], "nothing that could be compared"


def test_accounts_made_in_ones_name_do_not_keep_one_out(
    client: Any, control_plane: Any, tenant: Any, here: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.identity import passwords, signing_in

    monkeypatch.setattr(signing_in, "MOST_TRIED", 3)
    for number in range(5):
        made = control_plane.tenancy.create(f"x{number}-{tenant.slug}", "X")
        control_plane.identity.create_user(made.id, tenant.member_email, "Me", THEIRS, Role.MEMBER)
    verified = []
    verify = passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda *each: bool(verified.append(each)) or verify(*each))
    assert _login(client, tenant.member_email, PASSWORD, here).status == 200
    assert len(verified) == 3
    newest = f"x4-{tenant.slug}"
    assert _login(client, tenant.member_email, THEIRS, here, tenant=newest).status == 200
