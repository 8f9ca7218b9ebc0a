"""The event WebSocket: who gets in, what they get, and when it ends."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.events.models import EventRow
from tests.support.fake_agent import FakeAgent
from tests.support.lambda_client import LambdaClient


@pytest.fixture
def agent(client: LambdaClient, tenant: Any, changes: Any) -> FakeAgent:
    agent = FakeAgent.online(client, tenant.admin)
    changes.deliver()
    return agent


def rename(client: LambdaClient, tenant: Any, agent: FakeAgent, name: str) -> None:
    path = f"/v1/controllers/{agent.controller_id}"
    assert client("PATCH", path, {"name": name}, token=tenant.admin).status == 200


@pytest.mark.feature("Changes arrive in the browser by themselves, over a WebSocket")
def test_an_admitted_connection_gets_events(
    client: LambdaClient, tenant: Any, agent: FakeAgent, changes: Any, sockets: Any, ticket: Any
) -> None:
    mine = sockets.open()
    sockets.say(mine, {"type": "authenticate", "ticket": ticket(tenant.admin)})
    assert sockets.received[mine] == [{"type": "authenticated", "last": 2, "complete": True}]

    rename(client, tenant, agent, "blue")
    changes.deliver()

    (event,) = sockets.events(mine)
    assert (event["id"], event["kind"], event["data"]["name"]) == (3, "controller.changed", "blue")
    listed = client("GET", "/v1/events", token=tenant.admin, query={"after": 2}).json["items"]
    assert {"type": "event", **listed[0]} == event


def test_missed_events_follow_the_greeting(
    client: LambdaClient, tenant: Any, agent: FakeAgent, sockets: Any, ticket: Any
) -> None:
    mine = sockets.open()
    sockets.say(mine, {"type": "authenticate", "ticket": ticket(tenant.admin), "after": 1})
    assert sockets.received[mine][0] == {"type": "authenticated", "last": 2, "complete": True}
    assert [each["id"] for each in sockets.events(mine)] == [2]


def test_who_missed_too_much_starts_afresh(
    client: LambdaClient, tenant: Any, agent: FakeAgent, sockets: Any, ticket: Any
) -> None:
    EventRow(tenant.id, 1).delete()
    mine = sockets.open()
    sockets.say(mine, {"type": "authenticate", "ticket": ticket(tenant.admin), "after": 0})
    assert sockets.received[mine] == [{"type": "authenticated", "last": 2, "complete": False}]


def test_members_do_not_get_controllers(
    client: LambdaClient, tenant: Any, agent: FakeAgent, changes: Any, sockets: Any, ticket: Any
) -> None:
    member, stranger = sockets.open(), sockets.open()
    sockets.say(member, {"type": "authenticate", "ticket": ticket(tenant.member)})
    rename(client, tenant, agent, "green")
    changes.deliver()
    assert [each["type"] for each in sockets.received[member]] == ["authenticated"]
    assert sockets.received[stranger] == []  # never said whose it is


def test_a_ticket_opens_one_connection(tenant: Any, sockets: Any, ticket: Any) -> None:
    text = ticket(tenant.admin)
    first, second = sockets.open(), sockets.open()
    for connection in (first, second):
        sockets.say(connection, {"type": "authenticate", "ticket": text})
    assert sockets.received[first][0]["type"] == "authenticated"
    assert (sockets.received[second][0]["type"], sockets.received[second][0]["code"]) == (
        "refused",
        "ticket_used",
    )
    assert second in sockets.closed


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[]",
        '{"type":"subscribe"}',
        '{"type":"authenticate"}',
        '{"type":"authenticate","ticket":"x"}',
        "x" * 9000,
    ],
)
def test_anything_else_ends_the_connection(sockets: Any, message: str, control_plane: Any) -> None:
    connection = sockets.open()
    sockets.say(connection, message)
    assert sockets.received[connection][0]["type"] == "refused"
    assert connection in sockets.closed
    assert control_plane.connection_store.get(connection) is None


def test_an_access_token_is_not_a_ticket(tenant: Any, sockets: Any) -> None:
    connection = sockets.open()
    sockets.say(connection, {"type": "authenticate", "ticket": tenant.admin})
    assert sockets.received[connection][0]["code"] == "ticket_invalid"


def test_pings_are_answered(tenant: Any, sockets: Any, ticket: Any) -> None:
    mine = sockets.open()
    sockets.say(mine, {"type": "authenticate", "ticket": ticket(tenant.admin)})
    sockets.say(mine, {"type": "ping"})
    assert sockets.received[mine][-1] == {"type": "pong"}


def test_a_gone_connection_is_forgotten(
    client: LambdaClient,
    tenant: Any,
    agent: FakeAgent,
    changes: Any,
    sockets: Any,
    ticket: Any,
    control_plane: Any,
) -> None:
    gone, left = sockets.open(), sockets.open()
    for connection in (gone, left):
        sockets.say(connection, {"type": "authenticate", "ticket": ticket(tenant.admin)})
    sockets.gone.add(gone)
    sockets.close(left)
    rename(client, tenant, agent, "red")
    changes.deliver()
    assert control_plane.connection_store.of_tenant(tenant.id) == []
    assert sockets.events(left) == []


def test_an_unreachable_endpoint_holds_nothing_up(
    client: LambdaClient,
    tenant: Any,
    agent: FakeAgent,
    changes: Any,
    control_plane: Any,
    sockets: Any,
    ticket: Any,
) -> None:
    mine = sockets.open()
    sockets.say(mine, {"type": "authenticate", "ticket": ticket(tenant.admin)})
    pusher = control_plane.events.pusher
    from dataclasses import replace

    from chalicelib.events.push import Pusher

    nowhere = replace(control_plane.settings, events_push_endpoint="http://127.0.0.1:9")
    object.__setattr__(control_plane.events, "pusher", Pusher(nowhere))
    rename(client, tenant, agent, "grey")
    changes.deliver()
    object.__setattr__(control_plane.events, "pusher", pusher)
    listed = client("GET", "/v1/events", token=tenant.admin, query={"after": 2}).json["items"]
    assert listed[0]["data"]["name"] == "grey"
    changes.again()  # and a repetition pushes what was not pushed
    assert [each["id"] for each in sockets.events(mine)] == [3]


def test_silent_connections_are_closed(control_plane: Any, sockets: Any, tenant: Any, ticket: Any) -> None:
    silent, known = sockets.open(), sockets.open()
    sockets.say(known, {"type": "authenticate", "ticket": ticket(tenant.admin)})
    service = control_plane.sockets
    clock = service.clock
    object.__setattr__(service, "clock", lambda: clock() + timedelta(seconds=11))
    try:
        late = sockets.open()
        assert service.sweep() >= 1
        object.__setattr__(service, "clock", lambda: clock() + timedelta(seconds=23))
        sockets.say(late, {"type": "authenticate", "ticket": ticket(tenant.admin)})
    finally:
        object.__setattr__(service, "clock", clock)
    assert silent in sockets.closed
    assert known not in sockets.closed
    assert sockets.received[late][0]["code"] == "authenticate_timeout"


def test_the_address_is_on_our_own_host(client: LambdaClient, tenant: Any) -> None:
    answer = client("POST", "/v1/events/ticket", token=tenant.member).json
    assert answer["url"] == "ws://localhost:8080/v1/events/socket"
