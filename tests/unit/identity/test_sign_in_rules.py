"""Refresh verdicts, roles and access tokens."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.errors import Unauthenticated
from chalicelib.identity import tokens
from chalicelib.identity.rules import PERMISSIONS, PERSONAL, Role, User
from chalicelib.identity.sign_in_rules import REUSE_GRACE, Refresh, SignIn, judge_refresh
from chalicelib.identity.tokens import AccessToken, RefreshToken

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SIGN_IN = SignIn("ten-1", "usr-1", "sgn-1", "new", "old", NOW, NOW, NOW + timedelta(days=1))
TOKEN = AccessToken("ten-1", "usr-1", "sgn-1")


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
    assert judge_refresh(SIGN_IN, presented, NOW + later) is verdict


def test_every_role_has_permissions_and_members_the_fewest():
    assert set(PERMISSIONS) == set(Role)
    assert PERMISSIONS[Role.MEMBER] < PERMISSIONS[Role.OPERATOR] < PERMISSIONS[Role.ADMIN]
    writing = {name for name in PERMISSIONS[Role.AUDITOR] if "write" in name}
    assert writing == {"account:write"}  # their own password and sign-ins


def test_a_key_never_carries_what_is_personal():
    key = User("ten-1", "usr-1", Role.OWNER, key_id="key-1", scopes=frozenset(PERMISSIONS[Role.OWNER]))
    assert key.permissions == PERMISSIONS[Role.OWNER] - PERSONAL


def test_access_token_round_trip_and_expiry():
    text = tokens.issue_access(TOKEN, now=NOW, lifetime=900)
    assert tokens.read_access(text, now=NOW + timedelta(seconds=899)) == TOKEN
    with pytest.raises(Unauthenticated) as caught:
        tokens.read_access(text, now=NOW + timedelta(seconds=900))
    assert caught.value.code == "token_expired"


def test_a_refresh_token_leads_to_its_row_and_nothing_else_parses():
    ids = (f"ten-{'0' * 26}", f"usr-{'0' * 26}", f"sgn-{'0' * 26}")
    token = RefreshToken.new(*ids)
    assert RefreshToken.parse(token.text) == token
    assert token.secret not in token.digest
    for broken in ("", "...", ".".join(ids), ".".join((*ids, "")), ".".join((ids[1], ids[0], ids[2], "x"))):
        assert RefreshToken.parse(broken) is None
    assert RefreshToken.parse(f"{ids[0]}.{ids[1]}#x.{ids[2]}.s") is None
