"""Event sockets of people whose rights change end: what they were admitted with no longer holds."""

from typing import Any

import pytest

from tests.support.lambda_client import LambdaClient


@pytest.mark.parametrize("how", ["role", "disabled", "removed", "signed out"])
def test_whose_rights_change_is_disconnected(
    client: LambdaClient, tenant: Any, sockets: Any, ticket: Any, how: str
) -> None:
    theirs, others = sockets.open(), sockets.open()
    sockets.say(theirs, {"type": "authenticate", "ticket": ticket(tenant.member)})
    sockets.say(others, {"type": "authenticate", "ticket": ticket(tenant.admin)})
    path = f"/v1/users/{tenant.member_id}"
    if how == "removed":
        answer = client("DELETE", path, token=tenant.admin)
    elif how == "signed out":
        answer = client("DELETE", f"{path}/sign-ins", token=tenant.admin)
    else:
        body = {"role": "auditor"} if how == "role" else {"disabled": True}
        answer = client("PATCH", path, body, token=tenant.admin)
    assert answer.status < 300, answer.text
    assert sockets.closed == {theirs}
    assert sockets.app.sockets.connections.get(theirs) is None
    assert sockets.app.sockets.connections.get(others) is not None


def test_a_new_name_disconnects_nobody(client: LambdaClient, tenant: Any, sockets: Any, ticket: Any) -> None:
    mine = sockets.open()
    sockets.say(mine, {"type": "authenticate", "ticket": ticket(tenant.member)})
    path = f"/v1/users/{tenant.member_id}"
    assert client("PATCH", path, {"name": "Ada"}, token=tenant.admin).status == 200
    assert sockets.closed == set()


@pytest.mark.parametrize("how", ["addresses", "suspended"])
def test_an_organisation_that_narrows_disconnects_everybody(
    client: LambdaClient, tenant: Any, stranger: Any, sockets: Any, ticket: Any, how: str
) -> None:
    mine, theirs, foreign = sockets.open(), sockets.open(), sockets.open()
    for opened, token in ((mine, tenant.admin), (theirs, tenant.member), (foreign, stranger.member)):
        sockets.say(opened, {"type": "authenticate", "ticket": ticket(token)})
    body = {"settings": {"ip_allow_list": ["127.0.0.0/8"]}, "branding": {"accent": "#112233"}}
    if how == "suspended":
        sockets.app.tenancy.suspend(tenant.id, "a test")
    else:
        assert client("PATCH", "/v1/tenant", body, token=tenant.admin).status == 200
    assert sockets.closed == {mine, theirs}
    if how == "addresses":
        again = sockets.open()
        sockets.say(again, {"type": "authenticate", "ticket": ticket(tenant.member)})
        assert client("PATCH", "/v1/tenant", body, token=tenant.admin).status == 200
        assert sockets.closed == {mine, theirs}, "nothing became narrower"
