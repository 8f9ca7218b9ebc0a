"""What an organisation that leaves is told about its people: all but what could be used to sign in."""

from typing import Any

from chalicelib.identity.rules import Person
from chalicelib.identity.sign_in_rules import SignIn


def told_person(person: Person) -> dict[str, Any]:
    """A user."""
    seen = person.last_sign_in_at
    return {
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "role": person.role.value,
        "kind": person.kind,
        "group_ids": list(person.groups),
        "charged_group_id": person.charged_group,
        "disabled": person.disabled,
        "created_at": person.created_at.isoformat(),
        "last_sign_in_at": seen.isoformat() if seen else None,
        "preferences": person.preferences,
    }


def told_sign_in(sign_in: SignIn) -> dict[str, Any]:
    """Where and when, no tokens."""
    return {
        "id": sign_in.id,
        "user_id": sign_in.user_id,
        "created_at": sign_in.created_at.isoformat(),
        "last_used_at": sign_in.used_at.isoformat(),
        "source_ip": sign_in.source_ip,
        "user_agent": sign_in.user_agent,
    }
