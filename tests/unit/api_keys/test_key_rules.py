"""What a key is and may be given."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api_keys.rules import (
    ApiKey,
    State,
    check_scopes,
    rotated,
    use_is_worth_noting,
)
from chalicelib.api_keys.secrets import Secret
from chalicelib.core.errors import Conflict, Invalid
from chalicelib.core.ids import new_id
from chalicelib.identity.rules import PERMISSIONS, PERSONAL, Role, User

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANY = frozenset({permission for held in PERMISSIONS.values() for permission in held})


def a_key(**fields: object) -> ApiKey:
    made = ApiKey(
        tenant_id=new_id("ten"),
        id=new_id("key"),
        user_id=new_id("usr"),
        name="ci",
        hint="ssk_…abcd",
        digest="0" * 64,
        scopes=("sessions:read",),
        created_at=NOW,
        expires_at=NOW + timedelta(days=30),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def test_a_secret_is_found_again_by_its_text():
    secret = Secret.new(new_id("ten"), new_id("key"))
    assert Secret.parse(secret.text) == secret
    assert secret.fits(secret.digest)
    assert secret.digest == hashlib.sha256(secret.secret.encode()).hexdigest()
    assert secret.secret not in repr(secret)
    assert secret.hint[-4:] == secret.text[-4:]


def test_no_two_secrets_are_alike():
    texts = {Secret.new("ten-" + "0" * 26, "key-" + "0" * 26).secret for _ in range(1000)}
    assert len(texts) == 1000
    assert {len(text) for text in texts} == {43}, "256 bits"


def test_a_secret_fits_no_other_digest_nor_none():
    secret, other = (Secret.new(new_id("ten"), new_id("key")) for _ in range(2))
    assert not secret.fits(other.digest)
    assert not secret.fits(None)
    assert not secret.fits("0" * 64)
    assert not secret.fits("")


@given(st.text(max_size=120))
def test_other_text_is_no_key(text):
    assert Secret.parse(text) is None


@given(st.integers(0, 104), st.sampled_from("_- \n\x00é/+=O"))
def test_one_wrong_character_is_never_misread(place, char):
    right = Secret.new(new_id("ten"), new_id("key"))
    text = right.text[:place] + char + right.text[place + 1 :]
    found = Secret.parse(text)
    assert found is None or found.text == text


def test_state():
    key = a_key()
    assert key.state(NOW) is State.ACTIVE
    assert key.state(key.expires_at - timedelta(microseconds=1)) is State.ACTIVE
    assert key.state(key.expires_at) is State.EXPIRED
    assert replace(key, revoked_at=NOW).state(NOW) is State.REVOKED
    assert replace(key, revoked_at=NOW).state(key.expires_at + HOUR) is State.REVOKED


@pytest.mark.parametrize("role", list(Role))
def test_scopes_are_what_the_role_has_less_what_is_personal(role):
    possible = PERMISSIONS[role] - PERSONAL
    assert check_scopes(possible, PERMISSIONS[role]) == tuple(sorted(possible))
    for scope in ANY - possible:
        with pytest.raises(Invalid):
            check_scopes([scope], PERMISSIONS[role])


def test_scopes_for_somebody_else_are_what_both_have():
    with pytest.raises(Invalid):
        check_scopes(["users:write"], PERMISSIONS[Role.ADMIN], PERMISSIONS[Role.MEMBER])
    assert check_scopes(["sessions:read"] * 2, PERMISSIONS[Role.ADMIN], PERMISSIONS[Role.MEMBER]) == (
        "sessions:read",
    )


@given(st.sampled_from(list(Role)), st.frozensets(st.sampled_from(sorted(ANY))))
def test_a_key_is_never_more_than_its_scopes_and_its_owner(role, scopes):
    held = User("t", "u", role, key_id="key-1", scopes=scopes).permissions
    assert held == (PERMISSIONS[role] & scopes) - PERSONAL


def test_rotation_brings_the_end_forward_and_never_back():
    old, new = a_key(), a_key()
    assert rotated(old, new, HOUR, NOW).expires_at == NOW + HOUR
    assert rotated(old, new, timedelta(days=300), NOW).expires_at == old.expires_at
    assert rotated(old, new, HOUR, NOW).replaced_by == new.id
    assert rotated(old, new, timedelta(), NOW).state(NOW) is State.EXPIRED


@pytest.mark.parametrize(
    "fields", [{"revoked_at": NOW}, {"expires_at": NOW}, {"replaced_by": "key-" + "0" * 26}]
)
def test_what_is_no_longer_rotated(fields):
    with pytest.raises(Conflict):
        rotated(a_key(**fields), a_key(), HOUR, NOW)


def test_use_is_noted_now_and_then():
    assert use_is_worth_noting(a_key(), NOW)
    used = a_key(last_used_at=NOW)
    assert not use_is_worth_noting(used, NOW + timedelta(minutes=4, seconds=59))
    assert use_is_worth_noting(used, NOW + timedelta(minutes=5))
