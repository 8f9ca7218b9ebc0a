"""The verifier against the agent's own signer, and against what others might send."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519, HMAC_SHA256
from hypothesis import given
from hypothesis import strategies as st

from agent.client.signing import Signer
from chalicelib.controllers.signatures import Verified, verify
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import Unauthenticated, Unavailable
from chalicelib.protocol.signatures import COMPONENTS, TAG

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()
RAW = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
AUTHORITY = "control.example:8443"
PATH = "/agent/v1/heartbeat"


def signed(
    body: bytes = b"{}",
    *,
    now: datetime = NOW,
    nonce: str = "n" * 22,
    path: str = PATH,
    key_id: str = "key-1",
) -> Incoming:
    signer = Signer(KEY, key_id=key_id, authority=AUTHORITY, now=lambda: now, nonce=lambda: nonce)
    return incoming(signer.headers("POST", path, body), body, path)


def incoming(headers: dict[str, str], body: bytes = b"{}", path: str = PATH) -> Incoming:
    lower = {name.lower(): value for name, value in headers.items()}
    return Incoming("POST", path, "10.0.0.1", "http", lower, {}, body, "", "req")


def check(request: Incoming, *, lookup: Callable[[str], bytes] = lambda _key_id: RAW) -> Verified:
    return verify(request, authority=AUTHORITY, lookup=lookup, now=NOW)


def code(request: Incoming) -> str:
    with pytest.raises(Unauthenticated) as refused:
        check(request)
    return refused.value.code


@given(body=st.binary(max_size=2000), age=st.integers(-300, 300))
def test_what_the_agent_signs_is_accepted(body: bytes, age: int) -> None:
    verified = check(signed(body, now=NOW - timedelta(seconds=age)))
    assert (verified.key_id, verified.nonce) == ("key-1", "n" * 22)
    assert verified.nonce_expires > NOW


@pytest.mark.parametrize("age", [-301, 301, 86400])
def test_too_old_or_too_new_says_the_time(age: int) -> None:
    with pytest.raises(Unauthenticated) as refused:
        check(signed(now=NOW - timedelta(seconds=age)))
    assert refused.value.code == "signature_expired"
    assert datetime.fromisoformat(refused.value.extra["server_time"]) == NOW


def test_the_host_header_does_not_matter_but_the_authority_does() -> None:
    request = replace(signed(), host="whatever")
    assert check(request).key_id == "key-1"
    with pytest.raises(Unauthenticated):
        verify(request, authority="other.example", lookup=lambda _key_id: RAW, now=NOW)


@given(st.binary(min_size=1, max_size=200))
def test_another_body_is_refused(body: bytes) -> None:
    if body != b"{}":
        assert code(replace(signed(), body=body)) == "signature_invalid"


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"path": "/agent/v1/commands/cmd-1/claim"},
        {"headers": {}},
        {"body": b""},
    ],
)
def test_another_request_is_refused(change: dict[str, object]) -> None:
    assert code(replace(signed(), **change)) == "signature_invalid"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (r"key-1", "key-2"),
        (r'nonce="[^"]+"', 'nonce="mmmmmmmmmmmmmmmmmmmmmm"'),
        (r';nonce="[^"]+"', ""),
        (r"created=\d+", "created=1795000000"),
        (r";created=\d+", ""),
        (r";alg=[^;]+", ""),
        (r';tag="[^"]+"', ""),
        (TAG, "another-tag"),
        (r' "content-digest"', ""),
        (r"^sig1", "sig2"),
        (r"$", ', sig1=("@method");keyid="key-1"'),
    ],
)
def test_a_changed_signature_input_is_refused(pattern: str, replacement: str) -> None:
    request = signed()
    changed = re.sub(pattern, replacement, request.headers["signature-input"])
    assert changed != request.headers["signature-input"]
    assert (
        code(replace(request, headers={**request.headers, "signature-input": changed})) == "signature_invalid"
    )


class Message:
    method = "POST"
    url = f"https://{AUTHORITY}{PATH}"

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}


def sign_otherwise(**changes: object) -> Incoming:
    """A valid signature by the right key that does not follow the profile."""
    message = Message()
    chosen: dict[str, object] = {
        "key_id": "key-1",
        "created": NOW,
        "nonce": "n" * 22,
        "label": "sig1",
        "tag": TAG,
        "covered_component_ids": COMPONENTS,
        "body": b"{}",
        **changes,
    }
    resolver = MappingKeyResolver(public_keys={}, private_keys={"key-1": KEY})
    HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=resolver).sign(message, **chosen)  # type: ignore[arg-type]
    return incoming(message.headers)


def test_the_right_profile_is_accepted() -> None:
    assert check(sign_otherwise()).key_id == "key-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": None},
        {"nonce": "short"},
        {"nonce": "n" * 129},
        {"tag": None},
        {"tag": "other"},
        {"include_alg": False},
        {"label": "sig2"},
        {"expires": NOW + timedelta(days=1)},
        {"covered_component_ids": ("@method", "@path", "content-digest")},
        {"covered_component_ids": ("@path", "@authority", "content-digest")},
        {"covered_component_ids": ("@method", "@authority", "content-digest")},
        {"covered_component_ids": ("@method", "@path", "@authority"), "body": None},
    ],
)
def test_less_than_the_profile_is_refused(changes: dict[str, object]) -> None:
    assert code(sign_otherwise(**changes)) == "signature_invalid"


def test_the_public_key_is_no_shared_secret() -> None:
    message = Message()
    resolver = MappingKeyResolver(public_keys={}, private_keys={"key-1": RAW})
    HTTPMessageSigner(signature_algorithm=HMAC_SHA256, key_resolver=resolver).sign(
        message, key_id="key-1", created=NOW, nonce="n" * 22, label="sig1", tag=TAG,
        covered_component_ids=COMPONENTS, body=b"{}",
    )  # fmt: skip
    assert code(incoming(message.headers)) == "signature_invalid"


def test_a_store_that_does_not_answer_is_no_forgery() -> None:
    def lookup(_key_id: str) -> bytes:
        raise Unavailable("down")

    with pytest.raises(Unavailable):
        check(signed(), lookup=lookup)


@given(st.text(max_size=200), st.text(max_size=200))
def test_garbage_is_refused(signature_input: str, signature: str) -> None:
    headers = {**signed().headers, "signature-input": signature_input, "signature": signature}
    assert code(replace(signed(), headers=headers)) == "signature_invalid"
