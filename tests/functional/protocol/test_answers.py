"""The answers that the real handlers give have exactly the members of the protocol's golden files."""

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.client.identity import public_key_text
from chalicelib.core.clock import utc_now
from chalicelib.protocol.keys import rotated_key_id, rotation_proof
from tests.contract.protocol import golden
from tests.support.desk import Desk


def assert_alike(given: Any, name: str) -> None:
    """The same members at every level; lists and maps of free content aside."""
    _alike(given, golden.load(name), name)


def _alike(given: Any, expected: Any, where: str) -> None:
    if isinstance(given, dict) and isinstance(expected, dict) and not where.endswith((".env", ".labels")):
        assert given.keys() == expected.keys(), where
        for key, value in given.items():
            _alike(value, expected[key], f"{where}.{key}")


def test_answers_have_the_members_of_the_golden_files(desk: Desk) -> None:
    agent = desk.agent
    assert_alike(agent.enrolment, "enroll.answer")
    assert_alike(agent.boot(agent.boot_id).json, "credentials.answer")
    assert_alike(agent.beat().json, "heartbeat.answer")
    session_id = desk.launch()["id"]
    [reference] = desk.messages()
    assert_alike(reference, "reference")
    command_id = desk.command(session_id)
    grant = desk.claim(command_id)
    assert_alike(grant.json, "claim.answer.start")
    fence = grant.json["fence"]
    assert_alike(desk.renew(command_id, fence).json, "renew.answer")
    assert desk.status(session_id, fence, stage="pulling").json == golden.load("accepted")
    assert desk.result(command_id, fence).json == golden.load("accepted")
    for action, name in (("hibernate", "hibernate"), ("wake", "wake")):
        desk.do(session_id, action)
        answer = desk.claim(desk.command(session_id))
        assert_alike(answer.json, f"claim.answer.{name}")
        desk.result(desk.command(session_id), answer.json["fence"])
    desk.delete(session_id)
    assert_alike(desk.claim(desk.command(session_id)).json, "claim.answer.terminate")
    report = {"epoch": agent.epoch, "started_at": utc_now().isoformat(), "instances": []}
    assert_alike(agent.post("/agent/v1/inventory", report).json, "inventory.answer")
    letter = {**golden.load("dead-letters.request"), "epoch": agent.epoch}
    assert agent.post("/agent/v1/dead-letters", letter).json == golden.load("accepted")


def test_a_rotated_key_has_the_id_that_follows_from_it(desk: Desk) -> None:
    agent, key = desk.agent, Ed25519PrivateKey.generate()
    public = public_key_text(key)
    signed = key.sign(rotation_proof(agent.enrolment["key_id"], public))
    proof = base64.urlsafe_b64encode(signed).rstrip(b"=").decode()
    body = {"epoch": agent.epoch, "public_key": public, "proof": proof}
    answer = agent.post("/agent/v1/keys", body)
    assert_alike(answer.json, "keys.answer")
    assert answer.json["key_id"] == rotated_key_id(public)
    assert agent.post("/agent/v1/keys", body).json == answer.json
