"""Attack: a link that looks like ours leads elsewhere.

The sign-in page's return path is the UI's: `returnPath.test.ts` beside it.
"""

import re

import pytest

from tests.support.mailbox import text

_LYING = {
    "host": "evil.example",
    "x-forwarded-host": "evil.example",
    "x-original-host": "evil.example",
    "x-host": "evil.example",
    "forwarded": "host=evil.example;proto=https",
    "origin": "http://localhost:8080",
    "referer": "https://evil.example/",
}


def _links(letter):
    return re.findall(r"https?://[^\s\"'<>]+", text(letter) + letter.get_body(("html",)).get_content())


@pytest.mark.parametrize("path", ["/v1/auth/password-reset", "/v1/auth/sign-up"])
def test_mails_lead_to_the_configured_address_whatever_the_host_header_says(
    client, tenant, mailbox, here, path
):
    email = tenant.member_email if "reset" in path else f"sign-up@{tenant.slug}.example"
    body = {"email": email}
    if "sign-up" in path:
        body.update(name="A", organisation="B")
    answer = client("POST", path, body, headers=_LYING, source_ip=here)
    assert answer.status == 202, answer.text
    links = _links(mailbox.letters(email)[-1])
    assert links
    assert all(link.startswith("http://localhost:8080/") for link in links), links


def test_invitations_too(client, tenant, mailbox):
    email = f"invited@{tenant.slug}.example"
    body = {"email": email, "role": "member"}
    made = client("POST", "/v1/invitations", body, token=tenant.admin, headers=_LYING)
    assert made.status == 201, made.text
    assert made.json["link"].startswith("http://localhost:8080/")
    assert all(link.startswith("http://localhost:8080/") for link in _links(mailbox.letters(email)[-1]))


def test_the_api_never_redirects(client, tenant, login):
    targets = {
        "return_to": "https://evil.example",
        "next": "//evil.example",
        "redirect_uri": "https://evil.example",
    }
    body = {"email": tenant.member_email, "password": "correct horse battery"}
    answers = [
        client("POST", "/v1/auth/login", body, query=targets),
        client("POST", "/v1/auth/logout", query=targets, headers={"cookie": login(tenant.member_email)[1]}),
        client("GET", "/v1/me", token=tenant.member, query=targets),
    ]
    for answer in answers:
        assert answer.status < 300
        assert "location" not in answer.headers
        assert "refresh" not in answer.headers
        assert "evil" not in answer.text
