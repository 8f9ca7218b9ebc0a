"""An API key does not turn into a sign-in: nobody who found one gets what outlives it."""

from typing import Any

import pytest

from chalicelib.identity.service import PERMISSIONS, PERSONAL, Role


@pytest.fixture
def key(client: Any, tenant: Any) -> str:
    scopes = sorted(PERMISSIONS[Role.ADMIN] - PERSONAL)
    made = client("POST", "/v1/api-keys", {"name": "ci", "scopes": scopes}, token=tenant.admin)
    assert made.status == 201, made.text
    return str(made.json["key"])


@pytest.mark.feature("An API key invites people, and is not shown the link that lets them in")
def test_a_key_is_not_shown_links(client: Any, tenant: Any, key: str, mailbox: Any) -> None:
    email = f"by-key@{tenant.slug}.example"
    made = client("POST", "/v1/invitations", {"email": email, "role": "admin"}, token=key)
    assert (made.status, made.json["link"]) == (201, None)
    again = client("POST", f"/v1/invitations/{made.json['id']}/resend", token=key)
    assert (again.status, again.json["link"]) == (200, None)
    assert "/invitation#token=" in mailbox.link(email)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/api-keys", {"name": "more", "scopes": ["sessions:read"]}),
        ("PUT", "/v1/me/password", {"current_password": "x", "new_password": "another password"}),
        ("GET", "/v1/me/sign-ins", None),
        ("POST", "/v1/tenant/deletion", {"slug": "x", "password": "y"}),
    ],
)
def test_a_key_does_nothing_personal(client: Any, key: str, method: str, path: str, body: Any) -> None:
    assert client(method, path, body, token=key).status == 403


def test_a_key_makes_nobody_an_owner(client: Any, tenant: Any, key: str) -> None:
    body = {"email": f"boss@{tenant.slug}.example", "role": "owner"}
    assert client("POST", "/v1/invitations", body, token=key).status == 403
    path = f"/v1/users/{tenant.member_id}"
    assert client("PATCH", path, {"role": "owner"}, token=key).status == 403
