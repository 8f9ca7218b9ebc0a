"""Lockout, refresh verdicts and tokens."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt

from chalicelib.core.errors import Unauthenticated
from chalicelib.core.keys import keys
from chalicelib.identity import tokens
from chalicelib.identity.rules import (
    PERMISSIONS,
    REUSE_GRACE,
    Refresh,
    RefreshFamily,
    Role,
    User,
    judge_refresh,
    lock_after,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FAMILY = RefreshFamily("fam-1", "ten-1", "usr-1", "new", "old", NOW, NOW + timedelta(days=1))
USER = User("ten-1", "usr-1", Role.MEMBER, "fam-1")


def test_lock_grows_and_is_bounded():
    locks = [lock_after(failures, NOW) for failures in range(40)]
    assert locks[:5] == [None] * 5
    waits = [lock - NOW for lock in locks[5:] if lock]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=1)
    assert waits[-1] == timedelta(minutes=15)


@pytest.mark.parametrize(
    ("presented", "later", "verdict"),
    [
        ("new", timedelta(0), Refresh.ROTATE),
        ("old", timedelta(seconds=1), Refresh.REPEAT),
        ("old", REUSE_GRACE * 2, Refresh.REVOKE),
        ("older", timedelta(0), Refresh.REVOKE),
        ("new", timedelta(days=2), Refresh.REFUSE),
    ],
)
def test_refresh_verdicts(presented, later, verdict):
    assert judge_refresh(FAMILY, presented, NOW + later) is verdict


def test_every_role_has_permissions_and_members_the_fewest():
    assert set(PERMISSIONS) == set(Role)
    assert PERMISSIONS[Role.MEMBER] < PERMISSIONS[Role.OPERATOR] < PERMISSIONS[Role.ADMIN]
    writing = {name for name in PERMISSIONS[Role.AUDITOR] if "write" in name}
    assert writing == {"account:write"}  # their own password and sign-ins


def test_access_token_round_trip_and_expiry():
    token = tokens.issue_access(USER, now=NOW, lifetime=900)
    assert tokens.read_access(token, now=NOW + timedelta(seconds=899)) == USER
    with pytest.raises(Unauthenticated) as caught:
        tokens.read_access(token, now=NOW + timedelta(seconds=900))
    assert caught.value.code == "token_expired"


def _claims(**changes):
    base = {
        "iss": "streamspace",
        "aud": "streamspace-api",
        "sub": "usr-1",
        "tenant": "ten-1",
        "role": "owner",
        "sid": "x",
        "exp": int(NOW.timestamp()) + 900,
    }
    return {**base, **changes}


def _hs256(secret: bytes) -> str:
    """By hand: a library that is any good refuses to sign with a public key."""

    def part(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    header = json.dumps({"alg": "HS256"}).encode()
    signed = f"{part(header)}.{part(json.dumps(_claims()).encode())}"
    return f"{signed}.{part(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def test_algorithm_confusion_is_refused():
    forged = _hs256(keys().access.as_pem(private=False))
    unsigned = "eyJhbGciOiJub25lIn0." + forged.split(".")[1] + "."
    other_purpose = jwt.encode({"alg": "EdDSA"}, _claims(), keys().stream, algorithms=["EdDSA"])
    other_audience = jwt.encode(
        {"alg": "EdDSA"}, _claims(aud="streamspace-gateway:ctl-1"), keys().access, algorithms=["EdDSA"]
    )
    for token in (forged, unsigned, other_purpose, other_audience, "", "a.b.c"):
        with pytest.raises(Unauthenticated):
            tokens.read_access(token, now=NOW)
