"""Whoever may not come in any more hears nothing more, however it came about."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.functional.conftest import PASSWORD
from tests.support.fake_agent import FakeAgent
from tests.support.lambda_client import LambdaClient


@pytest.fixture
def rename(client: LambdaClient, tenant: Any, changes: Any) -> Callable[[], None]:
    """Something to hear about; done by the tenant's own admin."""
    agent = FakeAgent.online(client, tenant.admin)
    changes.deliver()

    def apply() -> None:
        path = f"/v1/controllers/{agent.controller_id}"
        assert client("PATCH", path, {"name": "blue"}, token=tenant.admin).status == 200
        changes.deliver()

    return apply


@pytest.fixture
def admin(client: LambdaClient, tenant: Any) -> tuple[str, str]:
    """A second sign-in of the admin: access token and cookie."""
    answer = client("POST", "/v1/auth/login", {"email": tenant.admin_email, "password": PASSWORD})
    return answer.json["access_token"], answer.cookies[0].split(";")[0]


@pytest.mark.feature("An open event WebSocket ends with the sign-in or key that opened it")
@pytest.mark.parametrize("how", ["signed out", "password changed", "ended elsewhere"])
def test_an_ended_sign_in_hears_nothing(
    client: LambdaClient, tenant: Any, sockets: Any, ticket: Any, rename: Any, admin: Any, how: str
) -> None:
    ended, kept = sockets.open(), sockets.open()
    sockets.say(ended, {"type": "authenticate", "ticket": ticket(admin[0])})
    sockets.say(kept, {"type": "authenticate", "ticket": ticket(tenant.admin)})
    if how == "signed out":
        assert client("POST", "/v1/auth/logout", headers={"cookie": admin[1]}).status == 204
    elif how == "password changed":
        body = {"current_password": PASSWORD, "new_password": "another battery horse"}
        assert client("PUT", "/v1/me/password", body, token=tenant.admin).status == 204
    else:
        assert client("DELETE", "/v1/me/sign-ins", token=tenant.admin).status == 204
    rename()
    assert sockets.events(ended) == []
    assert sockets.closed == {ended}
    assert len(sockets.events(kept)) == 1


def test_a_revoked_key_hears_nothing(
    client: LambdaClient, tenant: Any, sockets: Any, ticket: Any, changes: Any, rename: Any
) -> None:
    body = {"name": "robot", "scopes": ["events:read", "controllers:read"]}
    made = client("POST", "/v1/api-keys", body, token=tenant.admin).json
    mine = sockets.open()
    sockets.say(mine, {"type": "authenticate", "ticket": ticket(made["key"])})
    rename()
    assert len(sockets.events(mine)) == 1
    assert client("DELETE", f"/v1/api-keys/{made['id']}", token=tenant.admin).status == 204
    changes.again()
    assert len(sockets.events(mine)) == 1
    assert sockets.closed == {mine}


def test_a_lesser_role_hears_less(
    tenant: Any, control_plane: Any, sockets: Any, ticket: Any, changes: Any, rename: Any, admin: Any
) -> None:
    from chalicelib.identity.service import Role

    mine = sockets.open()
    sockets.say(mine, {"type": "authenticate", "ticket": ticket(admin[0])})
    rename()
    assert len(sockets.events(mine)) == 1

    def demote(person: Any) -> Any:
        return replace(person, role=Role.MEMBER)

    control_plane.identity.change(tenant.id, tenant.admin_id, demote)
    changes.again()
    assert len(sockets.events(mine)) == 1  # controllers are not a member's to see
    assert sockets.closed == set()


def test_a_suspended_organisation_hears_nothing(
    tenant: Any, control_plane: Any, sockets: Any, ticket: Any, changes: Any, rename: Any
) -> None:
    mine = sockets.open()
    sockets.say(mine, {"type": "authenticate", "ticket": ticket(tenant.admin)})
    control_plane.tenancy.suspend(tenant.id, "unpaid")
    changes.again()
    assert sockets.events(mine) == []
    assert sockets.closed == {mine}


def test_a_ticket_dies_with_its_sign_in(client: LambdaClient, sockets: Any, ticket: Any, admin: Any) -> None:
    issued = ticket(admin[0])
    client("POST", "/v1/auth/logout", headers={"cookie": admin[1]})
    mine = sockets.open()
    sockets.say(mine, {"type": "authenticate", "ticket": issued})
    assert sockets.received[mine][0]["code"] == "signed_out"
    assert sockets.closed == {mine}
