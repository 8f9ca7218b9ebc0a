"""The signature vectors: our signer makes them, our verifier judges them, and so does bare Ed25519."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from agent.client.identity import public_key_text
from agent.client.signing import Signer
from chalicelib.controllers.agents import public_key_bytes
from chalicelib.controllers.signatures import verify
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import DomainError, Forbidden
from chalicelib.protocol.keys import rotated_key_id, rotation_proof
from tests.contract.protocol import golden

VECTORS = golden.load("signatures")
KEY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(VECTORS["key"]["seed"]))
GOOD = {each["name"]: each for each in VECTORS["good"]}
BAD = {each["name"]: each for each in VECTORS["bad"]}


class OneAgent:
    """As much of `AgentService` as verifying takes: one key, and nonces in memory."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def judge(self, vector: dict[str, Any]) -> tuple[int, str] | None:
        """None, or what it is refused with."""
        try:
            found = verify(
                _incoming(vector["request"]),
                authority=vector["authority"],
                lookup=_lookup,
                now=datetime.fromtimestamp(vector["now"], UTC),
            )
        except DomainError as refusal:
            known = {name: refusal.extra[name] for name in refusal.extra}
            expected = {key: vector["refusal"][key] for key in vector["refusal"].keys() - {"status", "code"}}
            assert known == expected
            return refusal.status, refusal.code
        if found.nonce in self.used:
            return 401, "signature_invalid"
        self.used.add(found.nonce)
        return None


def _lookup(key_id: str) -> bytes:
    if key_id != VECTORS["key"]["key_id"]:
        raise Forbidden("not known", code="agent_revoked")
    return public_key_bytes(VECTORS["key"]["public_key"])


def _incoming(request: dict[str, Any]) -> Incoming:
    headers = {name.lower(): value for name, value in request["headers"].items()}
    body = request["body"].encode()
    return Incoming(request["method"], request["path"], "x.invalid", "https", headers, {}, body, "", "req")


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.feature("Signatures of agents have test vectors that anybody can check against RFC 8032")
def test_our_signer_makes_the_vector(name: str) -> None:
    vector = GOOD[name]
    given = vector["request"]["headers"]["Signature-Input"]
    signer = Signer(
        KEY,
        key_id=VECTORS["key"]["key_id"],
        authority=vector["authority"],
        now=lambda: datetime.fromtimestamp(int(_parameter(given, "created")), UTC),
        nonce=lambda: _parameter(given, "nonce"),
    )
    request = vector["request"]
    assert signer.headers("POST", request["path"], request["body"].encode()) == request["headers"]
    assert vector["url"].endswith(request["path"])


@pytest.mark.parametrize("name", GOOD)
def test_the_base_signed_by_bare_ed25519_is_the_signature(name: str) -> None:
    base = "\n".join(GOOD[name]["signature_base"]).encode("ascii")
    signature = base64.b64encode(KEY.sign(base)).decode()
    assert GOOD[name]["request"]["headers"]["Signature"] == f"sig1=:{signature}:"


@pytest.mark.parametrize("name", GOOD)
def test_our_verifier_accepts_the_good_ones(name: str) -> None:
    assert OneAgent().judge(GOOD[name]) is None


@pytest.mark.parametrize("name", BAD)
def test_our_verifier_refuses_the_bad_ones(name: str) -> None:
    agent, vector = OneAgent(), BAD[name]
    if "after" in vector:
        assert agent.judge(GOOD[vector["after"]]) is None
    assert agent.judge(vector) == (vector["refusal"]["status"], vector["refusal"]["code"])


def test_the_key_is_that_of_rfc_8032() -> None:
    first = VECTORS["ed25519"]
    assert first["seed"] == "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    assert first["public_key"] == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(first["public_key"]))
    public.verify(bytes.fromhex(first["signature"]), bytes.fromhex(first["message"]))
    assert public_key_text(KEY) == VECTORS["key"]["public_key"]


def test_the_proof_of_a_rotation() -> None:
    rotation = VECTORS["key_rotation"]
    new = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(rotation["new_seed"]))
    text = "\n".join(rotation["signed_text"]).encode("ascii")
    assert public_key_text(new) == rotation["public_key"]
    assert rotation_proof(rotation["key_id"], rotation["public_key"]) == text
    assert base64.urlsafe_b64encode(new.sign(text)).rstrip(b"=").decode() == rotation["proof"]
    assert rotated_key_id(rotation["public_key"]) == rotation["new_key_id"]


def _parameter(signature_input: str, name: str) -> str:
    found = next(part for part in signature_input.split(";") if part.startswith(f"{name}="))
    return found.partition("=")[2].strip('"')
