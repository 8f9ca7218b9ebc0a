"""What a signature is made of, with a vector that another implementation can check itself against."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from agent.client import errors, problems
from agent.client.identity import public_key_text
from agent.client.servertime import ServerClock
from agent.client.signing import Signer, random_nonce
from chalicelib.controllers import signatures
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import DomainError

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PATH = "/agent/v1/heartbeat"
BODY = b'{"epoch":1}'


def signer(**changed: Any) -> Signer:
    given: dict[str, Any] = {
        "key_id": "key-01kb0000000000000000000001",
        "authority": "control.example:8443",
        "now": lambda: MOMENT,
        "nonce": lambda: "AAECAwQFBgcICQoLDA0ODw",
    }
    return Signer(KEY, **{**given, **changed})


def incoming(headers: dict[str, str], **changed: Any) -> Incoming:
    given: dict[str, Any] = {
        "method": "POST",
        "path": PATH,
        "host": "elsewhere",
        "scheme": "http",
        "headers": {name.lower(): value for name, value in headers.items()},
        "query": {},
        "body": BODY,
        "source_ip": "",
        "request_id": "",
    }
    return Incoming(**{**given, **changed})


def verify(request: Incoming, *, authority: str = "control.example:8443", now: datetime = MOMENT) -> Any:
    raw = KEY.public_key().public_bytes_raw()
    return signatures.verify(request, authority=authority, lookup=lambda _: raw, now=now)


def test_the_vector() -> None:
    assert public_key_text(KEY) == "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"
    assert signer().headers("POST", PATH, BODY) == {
        "Content-Digest": "sha-256=:jTiPeHLgVQG6Z8/bEcoeq6pkmva4E71+mzFPW8Djpe8=:",
        "Signature-Input": (
            'sig1=("@method" "@path" "@authority" "content-digest");created=1767323045'
            ';keyid="key-01kb0000000000000000000001";alg="ed25519"'
            ';nonce="AAECAwQFBgcICQoLDA0ODw";tag="streamspace-agent-v1"'
        ),
        "Signature": (
            "sig1=:0O3N/8YsDdlErn1bpY9/PF6fjOGBCn0v/VY1gVjF34O6WFfL6IseYT+2T9jrKwJFtptEhStn7geoHvOpDPDjDg==:"
        ),
    }


@given(
    body=st.binary(max_size=200),
    path=st.sampled_from([PATH, "/agent/v1/enroll", "/agent/v1/commands/cmd-1/claim"]),
)
def test_the_control_planes_verifier_accepts_it(body: bytes, path: str) -> None:
    headers = signer(nonce=random_nonce).headers("POST", path, body)
    verified = verify(incoming(headers, body=body, path=path))
    assert verified.key_id == "key-01kb0000000000000000000001"


@pytest.mark.parametrize(
    "moved",
    [
        {"path": "/agent/v1/inventory"},
        {"method": "PUT"},
        {"body": BODY + b" "},
    ],
)
def test_a_signature_holds_for_nothing_else(moved: dict[str, Any]) -> None:
    headers = signer().headers("POST", PATH, BODY)
    with pytest.raises(DomainError) as refused:
        verify(incoming(headers, **moved))
    assert refused.value.code == "signature_invalid"
    with pytest.raises(DomainError):
        verify(incoming(headers), authority="other.example")


def test_age_is_judged_by_the_servers_clock_and_can_be_corrected() -> None:
    there = MOMENT + timedelta(hours=2)
    clock = ServerClock(lambda: MOMENT)
    with pytest.raises(DomainError) as refused:
        verify(incoming(signer(now=clock.now).headers("POST", PATH, BODY)), now=there)
    problem = httpx.Response(401, json={"code": refused.value.code, "detail": "d", **refused.value.extra})
    server_time = problems.read(problem).server_time
    assert server_time == there
    clock.heard(server_time)
    verify(incoming(signer(now=clock.now).headers("POST", PATH, BODY)), now=there)


def test_what_began_before_the_clock_was_corrected_is_never_dated_too_late() -> None:
    local = MOMENT + timedelta(seconds=700)  # it has jumped
    clock = ServerClock(lambda: local)
    begun = clock.moment(50.0)
    local += timedelta(seconds=30)
    clock.heard(MOMENT + timedelta(seconds=30))
    assert clock.at(begun, 80.0) == MOMENT
    # Asleep for an hour, which the monotonic clock does not count.
    begun = clock.moment(80.0)
    local += timedelta(hours=1)
    assert clock.at(begun, 80.0) == MOMENT + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (409, "epoch_superseded", errors.EpochSuperseded),
        (403, "agent_revoked", errors.Revoked),
        (409, "protocol_unsupported", errors.TooOld),
        (409, "command_taken", errors.CommandTaken),
        (409, "stale_fence", errors.StaleFence),
        (410, "command_superseded", errors.Superseded),
        (410, "command_finished", errors.Finished),
        (423, "session_busy", errors.SessionBusy),
        (404, "not_found", errors.NotFound),
        (401, "signature_invalid", errors.NotBelieved),
        (401, "signature_expired", errors.NotBelieved),
        (401, "enrollment_token_unknown", errors.Refused),
        (422, "invalid", errors.Refused),
        (429, "too_many", errors.Throttled),
        (500, "internal", errors.ServerFault),
        (503, "unavailable", errors.Unreachable),
    ],
)
def test_problems_become_types(status: int, code: str, kind: type[errors.ApiError]) -> None:
    response = httpx.Response(status, json={"code": code, "detail": "why"}, headers={"Retry-After": "7"})
    error = problems.read(response).error
    assert type(error) is kind
    assert (error.detail, error.retry_after) == ("why", 7)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"code": 3}', b'{"server_time": "never"}'])
def test_answers_that_are_no_problems_are_judged_by_their_status(body: bytes) -> None:
    assert type(problems.read(httpx.Response(502, content=body)).error) is errors.Unreachable
    assert type(problems.read(httpx.Response(418, content=body)).error) is errors.Refused
