"""Agents' keys: rotation with proof and overlap, and what becomes of the keys before."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.client.identity import public_key_text
from chalicelib.protocol.keys import rotated_key_id, rotation_proof
from tests.support.fake_agent import FakeAgent
from tests.support.lambda_client import LambdaClient
from tests.support.wound_clock import later

DAY = 86_400


@pytest.fixture
def agent(client: LambdaClient, tenant: Any) -> FakeAgent:
    return FakeAgent.online(client, tenant.admin)


def fresh() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def rotated(agent: FakeAgent) -> str:
    """The id of the key that it had before."""
    before: str = agent.enrolment["key_id"]
    new = fresh()
    answer = agent.rotate(new)
    assert answer.status == 200, answer.text
    agent.switch(new, answer.json["key_id"])
    return before


def code(answer: Any) -> tuple[int, str]:
    return answer.status, answer.json["code"]


@pytest.mark.feature("Keys of agents are replaced after 30 days; the one before is accepted for an hour more")
def test_a_key_is_replaced_with_an_overlap(control_plane: Any, agent: FakeAgent) -> None:
    assert agent.boot(agent.boot_id).json["rotate_key"] is False
    with later(control_plane, 31 * DAY, agent):
        assert agent.boot(agent.boot_id).json["rotate_key"] is True
    new, old = fresh(), agent.key
    answer = agent.rotate(new)
    assert answer.status == 200, answer.text
    assert answer.json["key_id"] == rotated_key_id(public_key_text(new))
    assert agent.beat().status == 200  # by the old one
    old_id = agent.enrolment["key_id"]
    agent.switch(new, answer.json["key_id"])
    assert agent.beat().status == 200
    with later(control_plane, 3599, agent):
        agent.switch(old, old_id)
        assert agent.beat().status == 200
    with later(control_plane, 3602, agent):
        assert code(agent.beat()) == (403, "agent_revoked")
        agent.switch(new, answer.json["key_id"])
        assert agent.boot(agent.boot_id).json["rotate_key"] is False
    with later(control_plane, 31 * DAY, agent):
        assert agent.boot(agent.boot_id).json["rotate_key"] is True


def test_the_same_key_again_gets_the_same_answer(agent: FakeAgent) -> None:
    new = fresh()
    first = agent.rotate(new)
    assert agent.rotate(new).json == first.json
    agent.switch(new, first.json["key_id"])
    assert agent.rotate(new).json == first.json


def test_a_replaced_key_brings_no_other(agent: FakeAgent) -> None:
    assert agent.rotate(fresh()).status == 200
    assert code(agent.rotate(fresh())) == (409, "key_replaced")


def test_the_key_before_the_last_opens_nothing(agent: FakeAgent) -> None:
    oldest, oldest_id = agent.key, agent.enrolment["key_id"]
    rotated(agent)
    rotated(agent)
    assert agent.beat().status == 200
    agent.switch(oldest, oldest_id)
    assert code(agent.beat()) == (403, "agent_revoked")


def test_a_key_is_not_taken_without_proof(agent: FakeAgent) -> None:
    mine, theirs = fresh(), fresh()

    def proven(by: Ed25519PrivateKey, key_id: str) -> str:
        proof = by.sign(rotation_proof(key_id, public_key_text(theirs)))
        return base64.urlsafe_b64encode(proof).rstrip(b"=").decode()

    public_key = public_key_text(theirs)
    for proof in (proven(mine, agent.enrolment["key_id"]), proven(theirs, "key-" + "0" * 26), "", "ä"):
        assert code(agent.rotate(mine, public_key=public_key, proof=proof)) == (422, "invalid")
    for text in ("", "A" * 20, public_key + "=", public_key[:-1] + "\n", "é" * 43):
        assert code(agent.rotate(mine, public_key=text)) == (422, "invalid")
    assert agent.beat().status == 200


def test_a_key_is_one_agents(client: LambdaClient, tenant: Any, agent: FakeAgent) -> None:
    other, key = FakeAgent.online(client, tenant.admin), fresh()
    assert agent.rotate(key).status == 200
    assert code(other.rotate(key)) == (409, "key_in_use")
    assert other.rotate(fresh()).status == 200


def test_a_superseded_boot_changes_no_key(agent: FakeAgent) -> None:
    assert agent.boot().status == 200
    assert code(agent.rotate(fresh(), epoch=1)) == (409, "epoch_superseded")


def test_a_revoked_agent_has_no_key_left(client: LambdaClient, tenant: Any, agent: FakeAgent) -> None:
    previous, previous_id = agent.key, agent.enrolment["key_id"]
    rotated(agent)
    path = f"/v1/controllers/{agent.controller_id}/agents/{agent.id}"
    assert client("DELETE", path, token=tenant.admin).status == 204
    assert code(agent.beat()) == (403, "agent_revoked")
    agent.switch(previous, previous_id)
    assert code(agent.beat()) == (403, "agent_revoked")


def test_a_rotated_key_shows_since_when(client: LambdaClient, tenant: Any, agent: FakeAgent) -> None:
    rotated(agent)
    path = f"/v1/controllers/{agent.controller_id}/agents"
    (shown,) = client("GET", path, token=tenant.admin).json["items"]
    assert shown["key_created_at"] > shown["created_at"]


@pytest.mark.feature("Control plane and agent agree on a protocol version, and refuse each other clearly")
def test_both_sides_speak_the_lower_version(agent: FakeAgent) -> None:
    body = {"boot_id": agent.boot_id, "protocol_version": 7, "agent_version": "9"}
    assert agent.post("/agent/v1/credentials", body).json["protocol_version"] == 1
    assert agent.boot(agent.boot_id).json["protocol_version"] == 1
    refused = agent.post("/agent/v1/credentials", {**body, "protocol_version": 0})
    assert code(refused) == (409, "protocol_unsupported")
    assert refused.json["min_protocol_version"] == 1
