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
