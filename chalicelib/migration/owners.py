"""Whose an imported session is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from chalicelib.core.errors import Forbidden
from chalicelib.identity.service import Person, User
from chalicelib.migration.notes import Blocked, Fate, Note


@dataclass(frozen=True)
class Owner:
    """`notes` says who is meant by a name that is not their e-mail address."""

    user: User
    notes: tuple[Note, ...] = ()


class Owners:
    """From the manifests' user names to people here: as the request says, by e-mail, by what precedes its @,
    or by name. People are read once, and only if a session asks for one. Who may not act for others learns of
    nobody but themselves."""

    def __init__(
        self, caller: User, people: Callable[[str], Iterator[Person]], said: Mapping[str, str]
    ) -> None:
        self._caller, self._people, self._said = caller, people, said
        self._known: list[Person] | None = None
        self._for_others = "sessions:write_all" in caller.permissions
        self.unknown: set[str] = set()

    def of(self, name: str) -> Owner:
        """Raises Blocked unless one person is meant who may have sessions, Forbidden without the right to
        start theirs."""
        if "sessions:write" not in self._caller.permissions:
            raise Forbidden("This needs the permission sessions:write.")
        person = self._person(name)
        notes = () if name.casefold() == person.email.casefold() else (self._meant(person),)
        if person.id == self._caller.user_id:
            return Owner(self._caller, notes)
        user = User(
            person.tenant_id,
            person.id,
            person.role,
            groups=person.groups,
            charged_group=person.charged_group,
        )
        if "sessions:write" not in user.permissions:
            raise Blocked("spec.user", f"{person.name} is an {person.role}, and may have no sessions.")
        return Owner(user, notes)

    def _meant(self, person: Person) -> Note:
        address = f" ({person.email})" if "users:read" in self._caller.permissions else ""
        return Note("spec.user", Fate.CHANGED, f"It becomes a session of {person.name}{address}.")

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
        if not self._for_others:
            raise Forbidden("You may start sessions for yourself only.")
        self.unknown.add(name)
        raise Blocked("spec.user", f"Nobody here is called {name[:80]}; say which e-mail address is meant.")

    def _all(self) -> list[Person]:
        if self._known is None:
            self._known = [
                each
                for each in self._people(self._caller.tenant_id)
                if each.kind == "person" and not each.disabled
                if self._for_others or each.id == self._caller.user_id
            ]
        return self._known


def _by_address(person: Person) -> str:
    return person.email.casefold()


def _by_account(person: Person) -> str:
    return person.email.partition("@")[0].casefold()


def _by_name(person: Person) -> str:
    return "-".join(person.name.casefold().split())
