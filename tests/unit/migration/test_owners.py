"""Whose an imported session becomes, and who may decide that."""

from datetime import UTC, datetime

import pytest

from chalicelib.core.errors import Forbidden
from chalicelib.core.ids import new_id
from chalicelib.identity.service import Person, Role, User
from chalicelib.migration.notes import Blocked
from chalicelib.migration.owners import Owners

TENANT = new_id("ten")


def person(name: str, email: str, role: Role = Role.MEMBER, **more: object) -> Person:
    since = datetime(2026, 11, 23, tzinfo=UTC)
    return Person(TENANT, new_id("usr"), email, name, role, since, **more)  # type: ignore[arg-type]


ADA = person("Ada Lovelace", "ada@here.example", Role.ADMIN)
EVERYBODY = [
    ADA,
    person("Grace", "grace@here.example"),
    person("Alan", "alan@here.example"),
    person("Alan", "alan@there.example"),
    person("Gone", "gone@here.example", disabled=True),
    person("Otto", "otto@here.example", Role.AUDITOR),
]


def owners(*scopes: str, said: dict[str, str] | None = None) -> Owners:
    """As Ada, with an API key of these scopes or, without any, signed in."""
    caller = User(TENANT, ADA.id, ADA.role, scopes=frozenset(scopes) or None)
    return Owners(caller, lambda _: iter(EVERYBODY), said or {})


@pytest.mark.parametrize("name", ["grace", "Grace", "GRACE@here.example"])
def test_a_name_means_a_person_by_address_account_or_name(name):
    assert owners().of(name).user.user_id == EVERYBODY[1].id


def test_whom_a_name_was_taken_for_is_told():
    asked = owners(said={"bob": "grace@here.example"})
    for name, meant in (("bob", "Grace (grace@here.example)"), ("ada", "Ada Lovelace (ada@here.example)")):
        [note] = asked.of(name).notes
        assert (note.field, meant in note.message) == ("spec.user", True)
    assert asked.of("Grace@Here.example").notes == ()


@pytest.mark.parametrize("name", ["alan", "gone", "nobody", "alan@nowhere.example"])
def test_a_name_that_means_nobody_or_several_is_asked_about(name):
    asked = owners()
    with pytest.raises(Blocked) as caught:
        asked.of(name)
    assert (caught.value.field, asked.unknown) == ("spec.user", {name})


def test_nobody_gets_a_session_who_may_have_none():
    with pytest.raises(Blocked, match="auditor"):
        owners().of("otto")


def test_a_key_that_may_start_no_sessions_imports_none():
    with pytest.raises(Forbidden, match="sessions:write"):
        owners("templates:write").of("ada")


def test_who_may_not_act_for_others_learns_of_nobody_else():
    asked = owners("templates:write", "sessions:write")
    assert asked.of("ada").user.user_id == ADA.id
    told = set()
    for name in ("grace", "grace@here.example", "alan", "nobody"):
        with pytest.raises(Forbidden) as caught:
            asked.of(name)
        told.add(caught.value.detail)
    assert told == {"You may start sessions for yourself only."}
    assert asked.unknown == set()
    assert "@" not in str(asked.of("ada").notes), "addresses are for who may see members"
