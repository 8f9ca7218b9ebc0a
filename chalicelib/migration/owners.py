"""Whose an imported session is."""

from collections.abc import Callable, Iterator, Mapping

from chalicelib.core.errors import Forbidden
from chalicelib.identity.service import Person, User
from chalicelib.migration.notes import Blocked


class Owners:
    """From the manifests' user names to people here: as the request says, by e-mail, by what precedes its @,
    or by name. People are read once, and only if a session asks for one."""

    def __init__(
        self, caller: User, people: Callable[[str], Iterator[Person]], said: Mapping[str, str]
    ) -> None:
        self._caller, self._people, self._said = caller, people, said
        self._known: list[Person] | None = None
        self.unknown: set[str] = set()

    def of(self, name: str) -> User:
        """Raises Blocked unless one person is meant, Forbidden without the right to act for them."""
        person = self._person(name)
        if person.id == self._caller.user_id:
            return self._caller
        if "sessions:write_all" not in self._caller.permissions:
            raise Forbidden(f"You may not start sessions for {person.name}.")
        return User(
            person.tenant_id,
            person.id,
            person.role,
            groups=person.groups,
            charged_group=person.charged_group,
        )

    def _person(self, name: str) -> Person:
        meant = self._said.get(name, name).strip().casefold()
        people = self._all()
        for means in (_by_address, _by_account, _by_name):
            found = [person for person in people if means(person) == meant]
            if len(found) == 1:
                return found[0]
            if found:
                self.unknown.add(name)
                raise Blocked("spec.user", f"{name[:80]} may be any of {len(found)} people; say whose it is.")
        self.unknown.add(name)
        raise Blocked("spec.user", f"Nobody here is called {name[:80]}; say which e-mail address is meant.")

    def _all(self) -> list[Person]:
        if self._known is None:
            everybody = self._people(self._caller.tenant_id)
            self._known = [each for each in everybody if each.kind == "person" and not each.disabled]
        return self._known


def _by_address(person: Person) -> str:
    return person.email.casefold()


def _by_account(person: Person) -> str:
    return person.email.partition("@")[0].casefold()


def _by_name(person: Person) -> str:
    return "-".join(person.name.casefold().split())
