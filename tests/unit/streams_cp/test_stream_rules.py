"""Permissions shrink, addresses follow from where we were called, tickets say what gateways read."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.stream.keys import Keys
from agent.stream.tickets import Refused, Tickets
from chalicelib.controllers.rules import Controller
from chalicelib.core.ids import new_id
from chalicelib.core.keys import keys
from chalicelib.protocol.streams import StreamPermissions
from chalicelib.streams import tickets
from chalicelib.streams.rules import (
    Instance,
    Wish,
    is_direct,
    logs_url,
    permit,
    pick_relay,
    relay_urls,
    stream_url,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TENANT, SESSION, CONTROLLER, USER = new_id("ten"), new_id("ses"), new_id("ctl"), new_id("usr")
OWNER = Controller(TENANT, CONTROLLER, "rack", "docker", "b", NOW, queue_number=2)
INSTANCE = Instance(TENANT, SESSION, CONTROLLER, 2)

policies = st.builds(StreamPermissions, **dict.fromkeys(StreamPermissions.model_fields, st.booleans()))
wishes = st.builds(Wish, *[st.none() | st.booleans()] * 3)


@given(policies, wishes)
def test_nobody_gets_more_than_the_policy(policy: StreamPermissions, wish: Wish) -> None:
    granted = permit(policy, wish)
    for name, value in granted:
        assert not value or getattr(policy, name)
    for name in ("control", "clipboard_in", "clipboard_out"):
        assert getattr(wish, name) is not False or not getattr(granted, name)
    if not granted.control:
        assert not granted.clipboard_in
        assert not granted.files_up


def test_without_wishes_the_policy_holds() -> None:
    policy = StreamPermissions(files_up=True, clipboard_out=False)
    assert permit(policy, Wish()) == policy


@pytest.mark.parametrize(
    ("origin", "expected"), [("https://a.example", "wss://a.example"), ("http://h:8080", "ws://h:8080")]
)
def test_without_configured_relays_our_own_host_is_one(origin: str, expected: str) -> None:
    assert relay_urls((), origin) == (expected,)
    assert relay_urls(("wss://r1", "wss://r2"), origin) == ("wss://r1", "wss://r2")


def test_viewers_of_one_session_meet_at_one_relay() -> None:
    urls = tuple(f"wss://r{number}" for number in range(4))
    sessions = [new_id("ses") for _ in range(200)]
    chosen = [pick_relay(urls, each) for each in sessions]
    assert chosen == [pick_relay(urls, each) for each in sessions]
    assert set(chosen) == set(urls)


def test_the_address_depends_on_the_protocol() -> None:
    path = f"/stream/{CONTROLLER}/{SESSION}"
    assert stream_url("wss://r", INSTANCE, "vnc") == f"wss://r{path}"
    assert stream_url("wss://r", INSTANCE, "http") == f"https://r{path}/"
    assert stream_url("ws://r:1", INSTANCE, "http") == f"http://r:1{path}/"
    assert logs_url("wss://r", INSTANCE) == f"wss://r{path}/logs"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("wss://gw.example", True),
        ("ws://10.0.0.5:9000/", True),
        (None, False),
        ("", False),
        ("https://gw.example", False),
        ("wss://", False),
        ("wss://gw.example/elsewhere", False),
        ("wss://user@gw.example", False),
        ("wss://gw.example?x=1", False),
        ("wss://[bad", False),
    ],
)
def test_only_a_plain_address_is_direct(url: str | None, expected: bool) -> None:
    assert is_direct(url) is expected


@pytest.fixture
def gateway(tmp_path: Path) -> Tickets:
    """The agent's own verification, with our published keys."""
    (tmp_path / "jwks.json").write_text(json.dumps(keys().public()))
    return Tickets(Keys(lambda: None, tmp_path / "jwks.json"), clock=NOW.timestamp)


def make(now: datetime = NOW, permissions: StreamPermissions | None = None) -> str:
    allowed = permissions or StreamPermissions()
    return tickets.ticket(INSTANCE, "vnc", USER, allowed, 3, now=now, lifetime=60)


def test_the_agent_reads_our_tickets(gateway: Tickets) -> None:
    watching = StreamPermissions(control=False, clipboard_in=False)
    text = make(permissions=watching)
    claims = asyncio.run(gateway.ticket(text, controller=CONTROLLER, session=SESSION))
    assert (claims.sub, claims.tenant, claims.incarnation) == (USER, TENANT, 2)
    assert claims.permissions == watching
    assert claims.exp - claims.iat == 60
    assert claims.revocations == 3
    assert claims.jti != asyncio.run(gateway.ticket(make(), controller=CONTROLLER, session=SESSION)).jti


def test_a_ticket_is_for_one_session_at_one_gateway_and_a_minute(gateway: Tickets) -> None:
    for text, controller, session in (
        (make(), new_id("ctl"), SESSION),
        (make(), CONTROLLER, new_id("ses")),
        (make(NOW - timedelta(seconds=75)), CONTROLLER, SESSION),
        (tickets.relay_grant(OWNER, now=NOW, lifetime=60), CONTROLLER, SESSION),
    ):
        with pytest.raises(Refused):
            asyncio.run(gateway.ticket(text, controller=controller, session=session))


def test_the_relay_reads_our_grants(gateway: Tickets) -> None:
    grant = tickets.relay_grant(OWNER, now=NOW, lifetime=3600)
    claims = asyncio.run(gateway.grant(grant))
    assert (claims.tenant, claims.controller, claims.revocations) == (TENANT, CONTROLLER, 2)
    with pytest.raises(Refused):
        asyncio.run(gateway.grant(make()))


def test_only_public_halves_are_published() -> None:
    (published,) = keys().public()["keys"]
    assert "d" not in published
    assert (published["kty"], published["crv"], published["alg"]) == ("OKP", "Ed25519", "EdDSA")
