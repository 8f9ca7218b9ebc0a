"""Who may change whom, what an invitation is, what is open to whom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Conflict, DomainError, Forbidden, Invalid
from chalicelib.identity.rules import PERMISSIONS, PERSONAL, Person, Role, User
from chalicelib.people.rules import (
    MOST_GROUPS,
    ROLES,
    Invitation,
    InvitationState,
    charged,
    check_change,
    check_grant,
    check_removal,
    joined,
    open_to,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TENANT = "ten-01kb0000000000000000000000"
roles = st.sampled_from(list(Role))
groups = st.lists(st.sampled_from("abcdef"), unique=True).map(tuple)


def person(identifier: str = "p", role: Role = Role.MEMBER, **changes: object) -> Person:
    return replace(Person(TENANT, identifier, "p@x.example", "P", role, NOW), **changes)  # type: ignore[arg-type]


def allowed(actor: User, before: Person, after: Person) -> bool:
    try:
        check_change(actor, before, after)
    except DomainError:
        return False
    return True


@given(named=groups, mine=groups)
def test_open_is_what_names_nobody_or_one_of_mine(named: tuple[str, ...], mine: tuple[str, ...]) -> None:
    assert open_to(named, mine) == (not named or bool(set(named) & set(mine)))


@given(named=groups.filter(bool), gone=groups, mine=groups)
def test_groups_that_are_gone_open_nothing(
    named: tuple[str, ...], gone: tuple[str, ...], mine: tuple[str, ...]
) -> None:
    """Whoever is taken off groups sees no more than before."""
    left = tuple(each for each in mine if each not in gone)
    assert open_to(named, mine) or not open_to(named, left)


@given(actor=roles, before=roles, after=roles)
def test_only_owners_touch_owners(actor: Role, before: Role, after: Role) -> None:
    caller = User(TENANT, "caller", actor)
    concerned = Role.OWNER in (before, after)
    mine = PERMISSIONS[actor]
    assert allowed(caller, person(role=before), person(role=after)) == (
        (not concerned or "owners:write" in mine)
        and (before is after or PERMISSIONS[after] - PERSONAL <= mine)
    )


def test_a_key_of_an_owner_makes_no_owners() -> None:
    key = User(TENANT, "caller", Role.OWNER, key_id="key", scopes=frozenset({"users:write", "owners:write"}))
    with pytest.raises(Forbidden):
        check_change(key, person(), person(role=Role.OWNER))


@pytest.mark.parametrize("role", [each for each in Role if each is not Role.OWNER])
def test_a_key_gives_no_role_that_may_do_more_than_the_key(role: Role) -> None:
    enough = PERMISSIONS[role] | {"users:write"}
    changed = person(role=role), person(role=Role.MEMBER if role is Role.AUDITOR else Role.AUDITOR)
    check_grant(User(TENANT, "caller", Role.OWNER, key_id="key", scopes=enough), role)
    for missing in PERMISSIONS[role] - PERSONAL:
        key = User(TENANT, "caller", Role.OWNER, key_id="key", scopes=enough - {missing})
        with pytest.raises(Forbidden):
            check_change(key, *changed[::-1])


@pytest.mark.parametrize("change", [{"role": Role.MEMBER}, {"disabled": True}])
def test_nobody_takes_away_their_own_rights(change: dict[str, object]) -> None:
    caller = User(TENANT, "me", Role.OWNER)
    me = person("me", Role.OWNER)
    with pytest.raises(Conflict):
        check_change(caller, me, replace(me, **change))  # type: ignore[arg-type]
    with pytest.raises(Conflict):
        check_removal(caller, me)
    check_change(caller, me, replace(me, name="Myself"))


def test_service_accounts_are_no_owners() -> None:
    robot = person(kind="service")
    with pytest.raises(Invalid):
        check_change(User(TENANT, "caller", Role.OWNER), robot, replace(robot, role=Role.OWNER))


@given(current=st.sampled_from([None, *"abc"]), now=groups)
def test_who_is_in_a_group_is_charged_to_one_of_theirs(current: str | None, now: tuple[str, ...]) -> None:
    result = charged(current, now)
    assert (result is None) == (not now)
    assert result is None or result in now
    assert current not in now or result == current


def test_groups_are_joined_once_and_not_without_end() -> None:
    assert joined(("a",), "a") == ("a",)
    assert joined(("a",), "b") == ("a", "b")
    full = tuple(str(number) for number in range(MOST_GROUPS))
    assert joined(full, "0") == full
    with pytest.raises(Conflict):
        joined(full, "more")


def test_what_became_of_an_invitation_outlives_its_time() -> None:
    offered = Invitation(TENANT, "inv", "a@x.example", Role.MEMBER, "by", NOW, NOW + timedelta(days=7))
    late = NOW + timedelta(days=7)
    assert offered.state(NOW) is InvitationState.PENDING
    assert offered.state(late) is InvitationState.EXPIRED
    assert replace(offered, revoked=True).state(late) is InvitationState.REVOKED
    assert replace(offered, accepted_by="p").state(late) is InvitationState.ACCEPTED


def test_every_role_is_described() -> None:
    assert set(ROLES) == set(Role) == set(PERMISSIONS)
