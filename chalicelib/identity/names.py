"""What people are called, for whoever shows their ids."""

from collections.abc import Iterable

from chalicelib.identity.store import PersonStore


def names_of(people: PersonStore, tenant_id: str, user_ids: Iterable[str]) -> dict[str, str]:
    """By id; people who are gone are left out."""
    found = ((each, people.get(tenant_id, each)) for each in dict.fromkeys(user_ids))
    return {user_id: person.name for user_id, person in found if person is not None}
