"""Organisations that sign up by themselves."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from urllib.parse import urlsplit

import pytest

PASSWORD = "correct horse battery"
_numbers = count(1)


@pytest.fixture
def email(control_plane) -> str:
    return f"founder{next(_numbers)}@sign-up.example"


def _ask(client, email, here, **changes):
    body = {"organisation": "Ada & Söhne", "email": email, "name": "Ada", **changes}
    return client("POST", "/v1/auth/sign-up", body, source_ip=here)


def _token(url):
    return urlsplit(url).fragment.removeprefix("token=")


def _confirm(client, token, here, password=PASSWORD):
    return client("POST", "/v1/auth/sign-up/confirm", {"token": token, "password": password}, source_ip=here)


@pytest.mark.feature("Organisations sign up by themselves with a confirmed e-mail address")
def test_sign_up_by_mail(client, mailbox, email, here):
    assert client("GET", "/v1/auth/options").json == {"sign_up": True, "password_min_length": 10}
    asked = _ask(client, email, here)
    assert asked.status == 202, asked.text
    url = mailbox.link(email)
    assert (urlsplit(url).path, urlsplit(url).query) == ("/confirm-sign-up", "")
    assert _confirm(client, _token(url), here, "ada & söhne").json["errors"][0]["field"] == "password"
    made = _confirm(client, _token(url), here)
    assert made.status == 201, made.text
    assert "HttpOnly" in made.cookies[0]
    me = client("GET", "/v1/me", token=made.json["access_token"]).json
    assert me["user"]["role"] == "owner"
    assert me["user"]["email"] == email
    assert me["tenant"]["name"] == "Ada & Söhne"
    assert me["tenant"]["slug"].startswith("ada-sohne-")
    catalog = client("GET", "/v1/templates", token=made.json["access_token"]).json["items"]
    assert [each["name"] for each in catalog] == ["Terminal", "Desktop", "Firefox"]
    again = _confirm(client, _token(url), here)
    assert (again.status, again.json["code"]) == (409, "link_used")
    login = client("POST", "/v1/auth/login", {"email": email, "password": PASSWORD}, source_ip=here)
    assert login.status == 200


def test_a_link_that_is_followed_twice_at_once_makes_one_organisation(
    client, control_plane, mailbox, email, here
):
    _ask(client, email, here)
    token = _token(mailbox.link(email))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: _confirm(client, token, here), range(4)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert len(control_plane.identity.people.by_email(email)) == 1


def test_the_mail_repeats_nothing_that_a_stranger_typed(client, mailbox, email, here):
    _ask(client, email, here, organisation="Buy at evil.example", name="http://evil.example")
    [letter] = mailbox.letters(email)
    assert "evil.example" not in letter.as_string()


def test_an_address_that_belongs_to_somebody_already_may_open_another(client, tenant, mailbox, here):
    _ask(client, tenant.member_email, here)
    made = _confirm(client, _token(mailbox.link(tenant.member_email)), here)
    assert made.status == 201
    both = client(
        "POST", "/v1/auth/login", {"email": tenant.member_email, "password": PASSWORD}, source_ip=here
    )
    assert (both.status, both.json["code"]) == (409, "tenant_required")
    assert tenant.slug in both.json["tenants"]


@pytest.mark.feature("An operator switches sign-up off")
def test_switched_off(client, control_plane, mailbox, email, here):
    _ask(client, email, here)
    token = _token(mailbox.link(email))
    closed = replace(control_plane.sign_up, open=False)
    for use in (
        lambda: closed.ask("A", email, "A", _incoming(here)),
        lambda: closed.confirm(token, PASSWORD, _incoming(here)),
    ):
        with pytest.raises(Exception, match="operator") as refused:
            use()
        assert getattr(refused.value, "code", "") == "sign_up_disabled"


def _incoming(source_ip):
    from chalicelib.core.caller import Incoming

    return Incoming("POST", "/", "localhost", "http", {}, {}, b"", source_ip, "test")


def test_a_link_that_was_used_leaves_no_log_of_an_organisation_that_is_not(
    client, control_plane, mailbox, email, here
):
    from chalicelib.audit.row_models import AuditRow

    _ask(client, email, here)
    token = _token(mailbox.link(email))
    assert _confirm(client, token, here).status == 201
    tenants = {each.id for each in control_plane.tenancy.every()}
    before = {row.partition.partition("#")[0] for row in AuditRow.scan()}
    assert _confirm(client, token, here).json["code"] == "link_used"
    after = {row.partition.partition("#")[0] for row in AuditRow.scan()}
    assert after - before <= {*tenants, "nobody"}
