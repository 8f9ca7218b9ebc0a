"""What somebody prepared before they were shut out opens nothing afterwards."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib.identity.service import Role
from tests.support.fake_agent import enroll, enrollment_token

PASSWORD = "correct horse battery"
WAYS = ["removed", "disabled", "demoted"]


@pytest.fixture
def second(control_plane: Any, client: Any, tenant: Any) -> tuple[str, str]:
    """Another admin: id and access token."""
    email = f"second@{tenant.slug}.example"
    person = control_plane.identity.create_user(tenant.id, email, "Second", PASSWORD, Role.ADMIN)
    login = client("POST", "/v1/auth/login", {"email": email, "password": PASSWORD})
    return person.id, login.json["access_token"]


def _shut_out(client: Any, tenant: Any, user_id: str, how: str) -> None:
    path = f"/v1/users/{user_id}"
    if how == "removed":
        answer = client("DELETE", path, token=tenant.admin)
    else:
        body = {"disabled": True} if how == "disabled" else {"role": "member"}
        answer = client("PATCH", path, body, token=tenant.admin)
    assert answer.status < 300, answer.text


def _invite(client: Any, tenant: Any, token: str) -> Any:
    body = {"email": f"back-door@{tenant.slug}.example", "role": "admin"}
    made = client("POST", "/v1/invitations", body, token=token)
    assert made.status == 201, made.text
    return made.json


def _accept(client: Any, link: str) -> Any:
    body = {"token": urlsplit(link).fragment.removeprefix("token="), "name": "Me", "password": PASSWORD}
    return client("POST", "/v1/auth/invitation/accept", body)


@pytest.mark.parametrize("how", WAYS)
def test_invitations_of_who_may_no_longer_invite(
    client: Any, tenant: Any, second: Any, mailbox: Any, how: str
) -> None:
    made = _invite(client, tenant, second[1])
    _shut_out(client, tenant, second[0], how)
    refused = _accept(client, made["link"])
    assert (refused.status, refused.json["code"]) == (410, "invitation_revoked")
    preview = client("POST", "/v1/auth/invitation", {"token": urlsplit(made["link"]).fragment[6:]})
    assert preview.status == 410
    assert mailbox.letters(made["email"]) == []


@pytest.mark.feature("Invitations of somebody who may no longer invite stop, until another sends them again")
def test_another_admin_stands_up_for_it(client: Any, tenant: Any, second: Any) -> None:
    made = _invite(client, tenant, second[1])
    _shut_out(client, tenant, second[0], "removed")
    again = client("POST", f"/v1/invitations/{made['id']}/resend", token=tenant.admin)
    assert again.status == 200, again.text
    assert _accept(client, again.json["link"]).status == 201


@pytest.mark.parametrize("how", WAYS)
def test_enrolment_tokens_of_who_may_no_longer_add_machines(
    client: Any, tenant: Any, second: Any, how: str
) -> None:
    token = enrollment_token(client, second[1])
    _shut_out(client, tenant, second[0], how)
    refused = enroll(client, token)
    assert (refused.status, refused.json["code"]) == (410, "enrollment_token_expired")


def test_what_is_heard_at_first_is_what_one_may_see_now(
    client: Any, control_plane: Any, tenant: Any, second: Any
) -> None:
    from chalicelib.events import tickets

    issued = client("POST", "/v1/events/ticket", token=second[1])
    assert issued.status in (200, 201), issued.text
    _shut_out(client, tenant, second[0], "demoted")
    viewer = tickets.read(issued.json["ticket"], now=control_plane.sockets.clock()).viewer
    assert "sessions:read_all" in viewer.permissions
    greeted = []
    sockets = control_plane.sockets
    plain = sockets.greeting
    object.__setattr__(sockets, "greeting", lambda who, after: greeted.append(who) or plain(who, after))
    try:
        sockets.connect("left-behind", "http://127.0.0.1:9")
        sockets.message("left-behind", f'{{"type":"authenticate","ticket":"{issued.json["ticket"]}"}}')
    finally:
        object.__setattr__(sockets, "greeting", plain)
        sockets.disconnect("left-behind")
    [who] = greeted
    assert "sessions:read_all" not in who.permissions
