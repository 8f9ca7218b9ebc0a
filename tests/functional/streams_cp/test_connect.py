"""Opening a stream: who gets a ticket, for what, and where to."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from agent.stream.keys import Keys
from agent.stream.tickets import Refused, Tickets
from tests.support.fake_agent import FakeAgent
from tests.support.lambda_client import LambdaClient

TEMPLATE = {"name": "Desktop", "image": "streamspace/desktop:dev", "protocol": "vnc"}


@pytest.fixture
def agent(client: LambdaClient, tenant: Any) -> FakeAgent:
    return FakeAgent.online(client, tenant.admin)


def start(client: LambdaClient, tenant: Any, **template: Any) -> str:
    """A new session of the member; its id."""
    made = client("POST", "/v1/templates", {**TEMPLATE, **template}, token=tenant.admin)
    assert made.status == 201, made.text
    session = client("POST", "/v1/sessions", {"template_id": made.json["id"]}, token=tenant.member)
    assert session.status == 201, session.text
    found: str = session.json["id"]
    return found


@pytest.fixture
def running(client: LambdaClient, tenant: Any, agent: FakeAgent) -> str:
    session_id = start(client, tenant)
    assert len(agent.obey()) == 1
    return session_id


def connect(client: LambdaClient, session_id: str, token: str, body: Any = None, **more: Any) -> Any:
    return client("POST", f"/v1/sessions/{session_id}/connect", body or {}, token=token, **more)


@pytest.mark.feature("A running session is opened with a ticket that works once, for a minute")
def test_the_gateway_accepts_the_ticket(
    client: LambdaClient, tenant: Any, agent: FakeAgent, running: str, tmp_path: Path
) -> None:
    opened = connect(client, running, tenant.member)

    assert opened.status == 200, opened.text
    assert opened.json["url"] == f"ws://localhost:8080/stream/{agent.controller_id}/{running}"
    assert opened.json["protocol"] == "vnc"
    published = client("GET", "/.well-known/jwks.json")
    (tmp_path / "jwks.json").write_text(published.text)
    gateway = Tickets(Keys(lambda: None, tmp_path / "jwks.json"))
    claims = asyncio.run(
        gateway.ticket(opened.json["ticket"], controller=agent.controller_id, session=running)
    )
    assert (claims.sub, claims.tenant) == (tenant.member_id, tenant.id)
    assert claims.permissions.model_dump() == opened.json["permissions"]
    assert claims.exp - claims.iat == 60


@pytest.mark.feature("A viewer may ask for less than they are allowed, such as only to watch")
def test_permissions_can_only_shrink(client: LambdaClient, tenant: Any, agent: FakeAgent) -> None:
    session_id = start(client, tenant, clipboard_out=False)
    agent.obey()
    allowed = connect(client, session_id, tenant.member, {"permissions": {"clipboard_out": True}}).json
    assert allowed["permissions"] == {
        "control": True, "clipboard_in": True, "clipboard_out": False, "files_up": False, "files_down": False,
    }  # fmt: skip
    watching = connect(client, session_id, tenant.member, {"permissions": {"control": False}}).json
    assert not watching["permissions"]["control"]
    assert not watching["permissions"]["clipboard_in"]


def test_the_address_is_where_the_client_called_us(client: LambdaClient, tenant: Any, running: str) -> None:
    headers = {"host": "desk.example", "x-forwarded-proto": "https"}
    opened = connect(client, running, tenant.member, headers=headers)
    assert opened.json["url"].startswith("wss://desk.example/stream/")


@pytest.mark.feature("Streams go straight to a gateway that browsers can reach")
def test_a_reachable_gateway_is_opened_directly(
    client: LambdaClient, tenant: Any, agent: FakeAgent, running: str
) -> None:
    agent.beat(gateway_url="wss://gateway.example:9443", instances=1)
    opened = connect(client, running, tenant.member)
    assert opened.json["url"].startswith(f"wss://gateway.example:9443/stream/{agent.controller_id}/")


def test_what_does_not_run_cannot_be_opened(client: LambdaClient, tenant: Any, agent: FakeAgent) -> None:
    session_id = start(client, tenant)
    waiting = connect(client, session_id, tenant.member)
    assert (waiting.status, waiting.json["code"]) == (409, "session_not_running")
    assert waiting.json["state"] == "starting"

    (reference,) = agent.received()
    grant = agent.claim(reference["command_id"]).json
    reason = {"code": "image_not_found", "message": "There is no image x."}
    agent.finish(reference["command_id"], grant["fence"], "failed", reason=reason)
    failed = connect(client, session_id, tenant.member)
    assert (failed.status, failed.json["state"]) == (409, "failed")
    assert "There is no image x." in failed.json["detail"]


def test_streams_are_for_their_user_and_administrators(
    client: LambdaClient, tenant: Any, stranger: Any, running: str
) -> None:
    assert connect(client, running, tenant.admin).status == 200
    for foreign in (stranger.admin, stranger.member):
        assert connect(client, running, foreign).status == 404
    assert connect(client, running, "nonsense").status == 401
    other = client("POST", f"/v1/sessions/{running}/connect", {"permission": {}}, token=tenant.member)
    assert other.status == 422


def test_published_keys_are_public_and_may_be_kept_a_while(client: LambdaClient) -> None:
    answer = client("GET", "/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    (key,) = json.loads(answer.text)["keys"]
    assert set(key) >= {"kid", "kty", "crv", "x", "use", "alg"}
    assert "d" not in key


def logs(client: LambdaClient, session_id: str, token: str) -> Any:
    return client("POST", f"/v1/sessions/{session_id}/logs", token=token)


def test_a_ticket_for_the_log_opens_nothing_else(
    client: LambdaClient, tenant: Any, agent: FakeAgent, running: str, tmp_path: Path
) -> None:
    opened = logs(client, running, tenant.member)

    assert opened.status == 200, opened.text
    assert set(opened.json) == {"url", "ticket", "expires_at"}
    assert opened.json["url"] == f"ws://localhost:8080/stream/{agent.controller_id}/{running}/logs"
    (tmp_path / "jwks.json").write_text(client("GET", "/.well-known/jwks.json").text)
    gateway = Tickets(Keys(lambda: None, tmp_path / "jwks.json"))

    def claims(*, logs: bool) -> Any:
        ticket = gateway.ticket(
            opened.json["ticket"], controller=agent.controller_id, session=running, logs=logs
        )
        return asyncio.run(ticket)

    assert (claims(logs=True).protocol, claims(logs=True).sub) == ("logs", tenant.member_id)
    assert not any(dict(claims(logs=True).permissions).values())
    with pytest.raises(Refused):
        claims(logs=False)


def test_what_is_gone_wrong_can_still_be_read(client: LambdaClient, tenant: Any, agent: FakeAgent) -> None:
    session_id = start(client, tenant)
    assert logs(client, session_id, tenant.member).status == 200, "while it starts, too"
    (reference,) = agent.received()
    grant = agent.claim(reference["command_id"]).json
    reason = {"code": "image_not_found", "message": "There is no image x."}
    agent.finish(reference["command_id"], grant["fence"], "failed", reason=reason)
    assert logs(client, session_id, tenant.member).status == 200
    assert client("DELETE", f"/v1/sessions/{session_id}", token=tenant.member).status == 202
    agent.obey()
    ended = logs(client, session_id, tenant.member)
    assert (ended.status, ended.json["code"]) == (409, "session_not_placed")
    assert ended.json["state"] == "terminated"


def test_a_log_goes_with_its_controller(client: LambdaClient, tenant: Any, agent: FakeAgent) -> None:
    session_id = start(client, tenant)
    (reference,) = agent.received()
    grant = agent.claim(reference["command_id"]).json
    reason = {"code": "image_not_found", "message": "There is no image x."}
    agent.finish(reference["command_id"], grant["fence"], "failed", reason=reason)
    removed = client("DELETE", f"/v1/controllers/{agent.controller_id}", token=tenant.admin)
    assert removed.status == 204, removed.text
    gone = logs(client, session_id, tenant.member)
    assert (gone.status, gone.json["code"]) == (409, "controller_removed")


def test_logs_are_for_their_user_and_administrators(
    client: LambdaClient, tenant: Any, stranger: Any, running: str
) -> None:
    assert logs(client, running, tenant.admin).status == 200
    for foreign in (stranger.admin, stranger.member):
        assert logs(client, running, foreign).status == 404
    assert logs(client, running, "nonsense").status == 401
