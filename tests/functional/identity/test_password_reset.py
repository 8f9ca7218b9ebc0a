"""A forgotten password, by a link in a mail."""

from urllib.parse import urlsplit

import pytest

from tests.support.mailbox import text

PASSWORD = "correct horse battery"
NEW = "a different battery horse"


def _ask(client, email, here):
    return client("POST", "/v1/auth/password-reset", {"email": email}, source_ip=here)


def _token(url):
    return urlsplit(url).fragment.removeprefix("token=")


def _confirm(client, token, here, password=NEW):
    return client(
        "POST",
        "/v1/auth/password-reset/confirm",
        {"token": token, "new_password": password},
        source_ip=here,
    )


def _login(client, email, password, here):
    return client("POST", "/v1/auth/login", {"email": email, "password": password}, source_ip=here)


@pytest.mark.feature("A forgotten password is replaced by a mailed link that works once, for an hour")
def test_reset_by_mail(client, tenant, mailbox, here):
    asked = _ask(client, tenant.member_email.upper(), here)
    assert asked.status == 202
    url = mailbox.link(tenant.member_email)
    assert urlsplit(url).path == "/reset-password"
    assert urlsplit(url).query == ""
    token = _token(url)
    assert _confirm(client, token, here, "short").json["errors"][0]["field"] == "new_password"
    assert _confirm(client, token, here, tenant.member_email).status == 422
    assert _confirm(client, token, here).status == 204
    # All sign-ins have ended, the old password is gone, and the link with it.
    assert client("GET", "/v1/me", token=tenant.member).status == 401
    assert _login(client, tenant.member_email, PASSWORD, here).status == 401
    assert _login(client, tenant.member_email, NEW, here).status == 200
    again = _confirm(client, token, here, "yet another password")
    assert (again.status, again.json["code"]) == (409, "link_used")


def test_only_the_first_of_two_links_counts(client, tenant, mailbox, here):
    _ask(client, tenant.member_email, here)
    first = _token(mailbox.link(tenant.member_email))
    _ask(client, tenant.member_email, here)
    second = _token(mailbox.link(tenant.member_email))
    assert _confirm(client, second, here).status == 204
    assert _confirm(client, first, here).status == 409


def test_a_locked_account_is_open_again_after_a_reset(client, tenant, mailbox, here):
    for _ in range(6):
        _login(client, tenant.member_email, "not it at all", here)
    assert _login(client, tenant.member_email, PASSWORD, here).status == 429
    _ask(client, tenant.member_email, here)
    assert _confirm(client, _token(mailbox.link(tenant.member_email)), here).status == 204
    assert _login(client, tenant.member_email, NEW, here).status == 200


def test_unknown_and_disabled_accounts_get_no_mail(client, tenant, control_plane, mailbox, here):
    from dataclasses import replace

    control_plane.identity.change(tenant.id, tenant.member_id, lambda person: replace(person, disabled=True))
    for address in (tenant.member_email, "nobody@nowhere-at-all.example"):
        assert _ask(client, address, here).status == 202
        assert mailbox.letters(address) == []


def test_one_mail_for_each_organisation_of_an_address(client, tenant, stranger, control_plane, mailbox, here):
    from chalicelib.identity.service import Role

    both = f"both@{tenant.slug}.example"
    for each in (tenant, stranger):
        control_plane.identity.create_user(each.id, both, "Both", PASSWORD, Role.MEMBER)
    _ask(client, both, here)
    letters = mailbox.letters(both)
    assert len(letters) == 2
    names = {control_plane.tenancy.get(each.id).name for each in (tenant, stranger)}
    assert {str(letter["Subject"]).removeprefix("Set a new password for ") for letter in letters} == names
    assert all("works once" in text(letter) for letter in letters)


def test_an_expired_link(client, tenant, control_plane, mailbox, here, monkeypatch):
    from datetime import timedelta

    from chalicelib.identity import links

    monkeypatch.setitem(links.LIFETIME, links.Purpose.PASSWORD_RESET, timedelta(seconds=-1))
    _ask(client, tenant.member_email, here)
    late = _confirm(client, _token(mailbox.link(tenant.member_email)), here)
    assert (late.status, late.json["code"]) == (410, "link_expired")
