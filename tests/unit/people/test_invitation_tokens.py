"""Links of invitations: ours alone, and each sending its own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt

from chalicelib.core.errors import Invalid
from chalicelib.core.keys import keys
from chalicelib.identity.rules import Role
from chalicelib.people import tokens
from chalicelib.people.rules import Invitation

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OFFERED = Invitation(
    "ten-01kb0000000000000000000000",
    "inv-01kb0000000000000000000000",
    "a@x.example",
    Role.MEMBER,
    "usr-01kb0000000000000000000000",
    NOW,
    NOW + timedelta(days=7),
)


def signed(key: Any = None, kind: str = "link+jwt", **changes: Any) -> str:
    claims = {
        "iss": "streamspace",
        "aud": "streamspace-invitation",
        "sub": OFFERED.id,
        "tenant": OFFERED.tenant_id,
        "serial": 1,
        **changes,
    }
    return jwt.encode({"alg": "EdDSA", "typ": kind}, claims, key or keys().access, algorithms=["EdDSA"])


def test_a_link_says_which_invitation_and_which_sending() -> None:
    found = tokens.read(tokens.issue(replace(OFFERED, serial=3)))
    assert (found.tenant_id, found.invitation_id, found.serial) == (OFFERED.tenant_id, OFFERED.id, 3)


def test_a_mail_that_is_composed_twice_has_one_link() -> None:
    assert tokens.issue(OFFERED) == tokens.issue(OFFERED)


def test_ours_is_read() -> None:
    assert tokens.read(signed()).serial == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "at+jwt"},
        {"aud": "streamspace-api"},
        {"aud": "streamspace-reset"},
        {"aud": None},
        {"iss": "somebody"},
        {"sub": "usr-01kb0000000000000000000000"},
        {"tenant": "inv-01kb0000000000000000000000"},
        {"tenant": None},
        {"serial": None},
        {"serial": "1"},
    ],
)
def test_tokens_for_anything_else_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        tokens.read(signed(**changes))


def test_tokens_of_another_key_are_refused() -> None:
    with pytest.raises(Invalid):
        tokens.read(signed(key=keys().stream))
