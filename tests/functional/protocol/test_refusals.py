"""The refusals that the real handlers give are those of the protocol's golden files."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.client.identity import public_key_text
from chalicelib.core.ids import new_id
from chalicelib.protocol.keys import rotation_proof
from tests.contract.protocol import golden
from tests.support.desk import Desk
from tests.support.fake_agent import FakeAgent, enroll, enrollment_token
from tests.support.lambda_client import Answer, LambdaClient

PROBLEMS = golden.refusals()
HEARTBEAT = "/agent/v1/heartbeat"


def assert_golden(answer: Answer, code: str) -> None:
    """Everything but the words, ids and moments of this very refusal is as the file says."""
    expected = PROBLEMS[code]
    assert answer.status == expected["status"], answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json.keys() == expected.keys()
    for member in ("type", "title", "status", "code"):
        assert answer.json[member] == expected[member]
    assert bool(answer.json["errors"]) == bool(expected["errors"])
    for each in answer.json["errors"]:
        assert each.keys() == {"field", "message"}
    if code in ("session_busy", "controller_paused"):
        assert 1 <= int(answer.headers["retry-after"]) <= (5 if code == "session_busy" else 60)


def second_agent(desk: Desk) -> FakeAgent:
    """Another agent of the same controller, booted."""
    token = enrollment_token(desk.client, desk.tenant.admin, controller_id=desk.agent.controller_id)
    key = Ed25519PrivateKey.generate()
    answer = enroll(desk.client, token, key=key, backend_id=desk.agent.backend_id)
    agent = FakeAgent(desk.client, key, answer.json, desk.agent.backend_id)
    agent.boot()
    return agent


def renewal(agent: FakeAgent, command_id: str, fence: int) -> Answer:
    return agent.post(f"/agent/v1/commands/{command_id}/renew", {"epoch": agent.epoch, "fence": fence})


def rotation(agent: FakeAgent, key: Ed25519PrivateKey) -> Answer:
    public, key_id = public_key_text(key), agent.enrolment["key_id"]
    proof = base64.urlsafe_b64encode(key.sign(rotation_proof(key_id, public))).rstrip(b"=").decode()
    return agent.post("/agent/v1/keys", {"epoch": agent.epoch, "public_key": public, "proof": proof})


# What a request can be


def test_malformed(desk: Desk) -> None:
    raw = b"{"
    answer = desk.agent.send(HEARTBEAT, raw, desk.agent.signer().headers("POST", HEARTBEAT, raw))
    assert_golden(answer, "malformed")


def test_too_large(desk: Desk) -> None:
    raw = b'"' + b"x" * (256 * 1024) + b'"'
    answer = desk.agent.send(HEARTBEAT, raw, desk.agent.signer().headers("POST", HEARTBEAT, raw))
    assert_golden(answer, "too_large")


def test_unsupported_content_type(desk: Desk) -> None:
    headers = {**desk.agent.signer().headers("POST", HEARTBEAT, b"{}"), "content-type": "text/plain"}
    assert_golden(desk.agent.send(HEARTBEAT, b"{}", headers), "unsupported_content_type")


def test_invalid(desk: Desk) -> None:
    answer = desk.agent.post(f"/agent/v1/commands/{new_id('cmd')}/renew", {"epoch": desk.agent.epoch})
    assert_golden(answer, "invalid")
    assert answer.json["errors"] == PROBLEMS["invalid"]["errors"]


def test_not_found(desk: Desk) -> None:
    assert_golden(desk.claim(new_id("cmd")), "not_found")
    assert_golden(desk.status(new_id("ses"), 1, stage="pulling"), "not_found")


# Who an agent can be


def test_signature_invalid_also_for_a_repetition(desk: Desk) -> None:
    raw = b"{}"
    headers = desk.agent.signer().headers("POST", HEARTBEAT, raw)
    assert_golden(desk.agent.send(HEARTBEAT, b"{ }", headers), "signature_invalid")
    assert_golden(desk.agent.send(HEARTBEAT, raw, headers), "invalid")
    assert_golden(desk.agent.send(HEARTBEAT, raw, headers), "signature_invalid")


def test_signature_expired(desk: Desk) -> None:
    desk.agent.skew = timedelta(seconds=-310)
    assert_golden(desk.agent.beat(), "signature_expired")


def test_agent_revoked(desk: Desk) -> None:
    agent_id = desk.agent.enrolment["agent_id"]
    path = f"/v1/controllers/{desk.agent.controller_id}/agents/{agent_id}"
    assert desk.call("DELETE", path, token=desk.tenant.admin).status == 204
    assert_golden(desk.agent.beat(), "agent_revoked")
    stranger = replace(desk.agent, enrolment={**desk.agent.enrolment, "key_id": new_id("key")})
    assert_golden(stranger.beat(), "agent_revoked")


def test_epoch_superseded(desk: Desk) -> None:
    first_boot = desk.agent.boot_id
    old = desk.agent.epoch
    desk.agent.boot()
    desk.agent.epoch = old
    assert_golden(desk.agent.beat(), "epoch_superseded")
    assert_golden(desk.agent.boot(first_boot), "epoch_superseded")


def test_protocol_unsupported(desk: Desk, client: LambdaClient) -> None:
    assert_golden(desk.agent.beat(protocol_version=0), "protocol_unsupported")
    token = enrollment_token(client, desk.tenant.admin)
    assert_golden(enroll(client, token, protocol_version=0), "protocol_unsupported")


def test_keys_that_are_not_taken(desk: Desk) -> None:
    """The new key of another agent; and a key after another one has replaced the signer's."""
    taken, own = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    assert rotation(second_agent(desk), taken).status == 200
    assert_golden(rotation(desk.agent, taken), "key_in_use")
    assert rotation(desk.agent, own).status == 200
    assert_golden(rotation(desk.agent, Ed25519PrivateKey.generate()), "key_replaced")


# Commands


def test_command_taken(desk: Desk) -> None:
    command_id, _ = desk.claimed(desk.launch()["id"])
    assert_golden(desk.claim(command_id, agent=second_agent(desk)), "command_taken")
    assert_golden(desk.claim(command_id), "command_taken")


def test_stale_fence(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    command_id, fence = desk.claimed(session_id)
    assert_golden(desk.renew(command_id, fence + 1), "stale_fence")
    assert_golden(desk.result(command_id, fence - 1), "stale_fence")
    assert_golden(desk.status(session_id, fence + 1, stage="pulling"), "stale_fence")
    assert_golden(renewal(second_agent(desk), command_id, fence), "stale_fence")


def test_command_superseded(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    command_id, fence = desk.claimed(session_id)
    desk.delete(session_id)
    assert_golden(desk.claim(command_id), "command_superseded")
    assert_golden(desk.renew(command_id, fence), "command_superseded")
    assert_golden(desk.status(session_id, fence, stage="pulling"), "command_superseded")


def test_command_finished(desk: Desk) -> None:
    command_id, fence = desk.claimed(desk.launch()["id"])
    assert desk.result(command_id, fence).status == 200
    assert_golden(desk.claim(command_id), "command_finished")
    assert_golden(desk.renew(command_id, fence), "command_finished")
    assert desk.result(command_id, fence, "failed").json == golden.load("accepted")


def test_session_busy(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    desk.claimed(session_id)
    desk.delete(session_id)
    assert_golden(desk.claim(desk.command(session_id)), "session_busy")


def test_controller_paused_keeps_what_was_granted(desk: Desk) -> None:
    granted, waiting = desk.launch()["id"], desk.launch()["id"]
    command_id = desk.command(granted)
    grant = desk.claim(command_id, "one claim id")
    path = f"/v1/controllers/{desk.agent.controller_id}/pause"
    assert desk.call("PUT", path, {"seconds": 3600}, token=desk.tenant.admin).status == 200
    assert_golden(desk.claim(desk.command(waiting)), "controller_paused")
    again = desk.claim(command_id, "one claim id")
    assert (again.status, again.json["fence"]) == (200, grant.json["fence"])
    assert desk.renew(command_id, grant.json["fence"]).status == 200
    assert desk.result(command_id, grant.json["fence"]).status == 200


# Enrolment


def test_enrolment_tokens(desk: Desk, client: LambdaClient, control_plane: Any) -> None:
    assert_golden(enroll(client, "sse_nothing"), "enrollment_token_unknown")
    token = enrollment_token(client, desk.tenant.admin)
    assert enroll(client, token).status == 200
    assert_golden(enroll(client, token), "enrollment_token_used")
    late = enrollment_token(client, desk.tenant.admin)
    clock: Callable[[], Any] = control_plane.enrollment.clock
    object.__setattr__(control_plane.enrollment, "clock", lambda: clock() + timedelta(minutes=31))
    try:
        assert_golden(enroll(client, late), "enrollment_token_expired")
    finally:
        object.__setattr__(control_plane.enrollment, "clock", clock)


def test_backends(desk: Desk, client: LambdaClient) -> None:
    token = enrollment_token(client, desk.tenant.admin)
    assert_golden(enroll(client, token, backend_id=desk.agent.backend_id), "backend_known")
    bound = enrollment_token(client, desk.tenant.admin, controller_id=desk.agent.controller_id)
    assert_golden(enroll(client, bound), "backend_mismatch")


def test_what_an_organisation_may(desk: Desk, client: LambdaClient, control_plane: Any) -> None:
    FakeAgent.enrolled(client, desk.tenant.admin)
    token = enrollment_token(client, desk.tenant.admin)
    control_plane.tenancy.set_plan(desk.tenant.id, "free")
    assert_golden(enroll(client, token), "plan_limit")
    control_plane.tenancy.suspend(desk.tenant.id, "unpaid")
    assert_golden(enroll(client, token), "tenant_suspended")


TRIED_HERE = {
    "malformed", "too_large", "unsupported_content_type", "invalid", "not_found", "signature_invalid",
    "signature_expired", "agent_revoked", "epoch_superseded", "protocol_unsupported", "key_in_use",
    "key_replaced", "command_taken", "stale_fence", "command_superseded", "command_finished",
    "session_busy", "controller_paused", "enrollment_token_unknown", "enrollment_token_used",
    "enrollment_token_expired", "backend_known", "backend_mismatch", "plan_limit", "tenant_suspended",
}  # fmt: skip
OF_THE_SURROUNDINGS = {"method_not_allowed", "too_many", "internal", "unavailable"}
"""What gateways answer, and what faults look like: no request asks for them."""


@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_every_golden_refusal_is_tried(code: str) -> None:
    assert code in TRIED_HERE | OF_THE_SURROUNDINGS
