"""Signed calls: what is accepted, what is refused, and what they cost."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.fake_agent import CAPACITY, FakeAgent
from tests.support.lambda_client import LambdaClient

HEARTBEAT = "/agent/v1/heartbeat"


@pytest.fixture
def agent(client: LambdaClient, tenant: Any) -> FakeAgent:
    agent = FakeAgent.enrolled(client, tenant.admin)
    agent.boot()
    return agent


@pytest.mark.feature("Every call of an agent is signed (RFC 9421, Ed25519) and works once")
def test_a_signature_works_once(agent: FakeAgent) -> None:
    raw = json.dumps(agent.heartbeat()).encode()
    headers = agent.signer().headers("POST", HEARTBEAT, raw)
    assert agent.send(HEARTBEAT, raw, headers).status == 200
    replayed = agent.send(HEARTBEAT, raw, headers)
    assert (replayed.status, replayed.json["code"]) == (401, "signature_invalid")


def test_an_unsigned_call_is_refused(agent: FakeAgent) -> None:
    answer = agent.send(HEARTBEAT, json.dumps(agent.heartbeat()).encode(), {})
    assert (answer.status, answer.json["code"]) == (401, "signature_invalid")


def test_a_signature_does_not_fit_another_path_or_body(agent: FakeAgent) -> None:
    raw = json.dumps(agent.heartbeat()).encode()
    moved = agent.send("/agent/v1/credentials", raw, agent.signer().headers("POST", HEARTBEAT, raw))
    changed = agent.send(HEARTBEAT, raw + b" ", agent.signer().headers("POST", HEARTBEAT, raw))
    for answer in (moved, changed):
        assert (answer.status, answer.json["code"]) == (401, "signature_invalid")


def test_a_signature_does_not_fit_another_agent(client: LambdaClient, tenant: Any, agent: FakeAgent) -> None:
    other = FakeAgent.enrolled(client, tenant.admin)
    raw = json.dumps(agent.heartbeat()).encode()
    headers = agent.signer().headers("POST", HEARTBEAT, raw)
    ours, theirs = agent.enrolment["key_id"], other.enrolment["key_id"]
    headers["Signature-Input"] = headers["Signature-Input"].replace(ours, theirs)
    answer = agent.send(HEARTBEAT, raw, headers)
    assert (answer.status, answer.json["code"]) == (401, "signature_invalid")


def test_an_unknown_key_is_told_that_it_is_not_accepted(agent: FakeAgent) -> None:
    agent.enrolment["key_id"] = "key-01kb0000000000000000000000"
    answer = agent.beat()
    assert (answer.status, answer.json["code"]) == (403, "agent_revoked")


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_that_is_off_is_told_the_time(agent: FakeAgent, minutes: int) -> None:
    agent.skew = timedelta(minutes=minutes)
    answer = agent.beat()
    assert (answer.status, answer.json["code"]) == (401, "signature_expired")
    agent.skew = datetime.fromisoformat(answer.json["server_time"]) - datetime.now().astimezone()
    assert agent.beat().status == 200


def test_a_later_boot_supersedes_an_earlier_one(agent: FakeAgent) -> None:
    first = agent.boot_id
    assert agent.boot(first).json["epoch"] == 1  # refreshing is not booting
    assert agent.boot().json["epoch"] == 2
    stale = agent.beat(epoch=1)
    assert (stale.status, stale.json["code"]) == (409, "epoch_superseded")
    clone = agent.boot(first)
    assert (clone.status, clone.json["code"]) == (409, "epoch_superseded")


def test_an_old_protocol_is_refused(agent: FakeAgent) -> None:
    answer = agent.beat(protocol_version=0)
    assert (answer.status, answer.json["code"]) == (409, "protocol_unsupported")


@pytest.mark.feature("A controller shows its capacity, its health with reasons, and when it was last seen")
def test_a_heartbeat_shows_in_the_api(client: LambdaClient, tenant: Any, agent: FakeAgent) -> None:
    reason = {"code": "platform_unavailable", "message": "Docker does not answer."}
    answer = agent.beat(
        platform={"state": "failing", "reason": reason},
        labels={"arch": "amd64"},
        instances=2,
        usage={"cpu_millis": 500, "memory_bytes": 2**30 + 5},
        load={"cpu_millis": 130, "memory_bytes": 2**29},
    )
    assert answer.status == 200

    shown = client("GET", f"/v1/controllers/{agent.controller_id}", token=tenant.admin).json

    assert shown["state"] == "degraded"
    assert shown["capacity"] == {"cpu": "8000m", "memory": "16Gi", "gpu": 0}
    assert shown["booked"] == {"cpu": "0m", "memory": "0", "gpu": 0, "sessions": 0}
    assert (shown["usage"]["instances"], shown["usage"]["disk_free"]) == (2, "50Gi")
    assert shown["load"] == {"cpu": "130m", "memory": "512Mi"}
    assert shown["health"]["platform"] == {"state": "failing", "reason": reason}
    assert shown["health"]["polling"] == {"state": "ok", "reason": None}
    assert shown["labels"] == {"arch": "amd64"}
    assert shown["last_seen_at"] is not None
    assert shown["agent_version"] == "0.1.0"


def test_what_is_not_measured_any_more_is_not_shown(
    client: LambdaClient, tenant: Any, agent: FakeAgent
) -> None:
    path = f"/v1/controllers/{agent.controller_id}"
    assert agent.beat(load={"cpu_millis": 130, "memory_bytes": 2**29}).status == 200
    assert client("GET", path, token=tenant.admin).json["load"] is not None
    assert agent.beat(load=None).status == 200
    assert client("GET", path, token=tenant.admin).json["load"] is None


def test_idle_controllers_report_rarely(agent: FakeAgent) -> None:
    assert agent.beat().json["intervals"]["heartbeat"] == 300
    assert agent.beat(instances=1).json["intervals"]["heartbeat"] == 30


@pytest.mark.feature("A heartbeat costs at most three write units")
def test_a_heartbeat_costs_at_most_three_units(agent: FakeAgent, write_units: Any) -> None:
    agent.beat()
    with write_units() as spent:
        changed = {"capacity": {**CAPACITY, "cpu_millis": 7000}, "load": CAPACITY}
        assert agent.beat(**changed).status == 200
    assert 0 < spent.total <= 3, spent.by_table


def test_credentials_reach_one_queue_and_name_relays(agent: FakeAgent) -> None:
    answer = agent.boot().json
    assert answer["queue"]["queue_url"].endswith(f"/streamspace-{agent.controller_id}")
    assert answer["relay"]["urls"] == ["ws://localhost:8080"]
    assert answer["jwks_url"] == "http://localhost:8080/.well-known/jwks.json"
    assert answer["intervals"]["visibility"] == 30
