"""Use cases on members and service accounts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from chalicelib.core import trail
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import UnitOfWork, Write
from chalicelib.identity.service import IdentityService, Kind, Person, SignIn, User
from chalicelib.people.rules import check_change, check_owners, check_removal, is_active_owner, last_owner
from chalicelib.people.store import Position


class Rest(Protocol):
    """What others do when somebody is disabled: nothing of theirs goes on, nothing is lost."""

    def __call__(self, tenant_id: str, user_id: str, *, actor: str) -> None: ...


class Departure(Protocol):
    """What others do when somebody leaves; it comes twice, and has to bear that."""

    def __call__(self, tenant_id: str, user_id: str, *, actor: str, delete_homes: bool) -> None: ...


@dataclass(frozen=True)
class PeopleService:
    """`access_changed` lets others drop what they know of somebody's rights, `rest` and `depart` let them
    stop or end what somebody runs."""

    identity: IdentityService
    uow: UnitOfWork
    access_changed: Callable[[str, str], None]
    rest: Rest
    depart: Departure

    def get(self, tenant_id: str, user_id: str) -> Person:
        """Raises NotFound, also for another tenant's."""
        return self.identity.person(tenant_id, user_id)

    def page(
        self, tenant_id: str, *, kind: Kind | None, limit: int, after: Position | None
    ) -> tuple[list[Person], Position | None]:
        """Oldest first; members, service accounts or both."""
        return self.identity.people.page(tenant_id, limit=limit, after=after, kind=kind)

    def change(self, actor: User, user_id: str, change: Callable[[Person], Person]) -> Person:
        """Holds from their next request on; disabling ends their sign-ins for good and hibernates their
        sessions. Saying again that they are disabled does what was left undone.

        Raises NotFound, Forbidden `owners_only`, `role_too_high`, Conflict `own_account`, `last_owner`,
        Invalid.
        """

        def attempt() -> tuple[Person, Person]:
            before = self.get(actor.tenant_id, user_id)
            after = change(before)
            check_change(actor, before, after)
            _tell(before, after)
            if after != before:
                self.uow.commit(self._writes(before, after))
            return before, after

        before, person = on_conflict(attempt)
        if person.disabled:
            # Not only refused while disabled: being enabled again must not bring an old device back.
            self.identity.end_sign_ins(person.tenant_id, person.id)
            self.rest(person.tenant_id, person.id, actor=actor.user_id)
        if (person.role, person.disabled) != (before.role, before.disabled):
            self.access_changed(person.tenant_id, person.id)
        return person

    def remove(self, actor: User, user_id: str, *, delete_homes: bool) -> None:
        """Somebody leaves: they are shut out first, then what they run ends, then their row goes. Their keys
        are refused with it. Repeating goes on where it stopped.

        Raises NotFound, Forbidden `owners_only`, Conflict `own_account`, `last_owner`.
        """
        person = on_conflict(lambda: self._shut_out(actor, user_id))
        self.identity.end_sign_ins(person.tenant_id, person.id)
        self.access_changed(person.tenant_id, person.id)
        self.depart(person.tenant_id, person.id, actor=actor.user_id, delete_homes=delete_homes)
        on_conflict(lambda: self._take_away(actor, person))
        # Once more: a request that was under way when they were shut out may have started something since.
        self.depart(person.tenant_id, person.id, actor=actor.user_id, delete_homes=delete_homes)

    def sign_ins(self, actor: User, user_id: str) -> list[SignIn]:
        """Where somebody is signed in. Raises NotFound."""
        return self.identity.sign_ins(actor.tenant_id, self.get(actor.tenant_id, user_id).id)

    def end_sign_ins(self, actor: User, user_id: str) -> None:
        """Signs somebody out everywhere. Raises NotFound, Forbidden `owners_only`."""
        person = self.get(actor.tenant_id, user_id)
        check_owners(actor, person.role)
        trail.about("user", person.id, _called(person))
        self.identity.end_sign_ins(person.tenant_id, person.id)
        self.access_changed(person.tenant_id, person.id)

    def _shut_out(self, actor: User, user_id: str) -> Person:
        before = self.get(actor.tenant_id, user_id)
        check_removal(actor, before)
        trail.about("user", before.id, _called(before))
        trail.note(role=before.role.value)
        if before.disabled:
            return before
        after = replace(before, disabled=True)
        self.uow.commit(self._writes(before, after))
        return after

    def _take_away(self, actor: User, person: Person) -> None:
        current = self.identity.people.get(person.tenant_id, person.id)
        if current is None:
            return
        # Somebody may have enabled or promoted them since.
        check_removal(actor, current)
        stays = self._another_owner(current) if is_active_owner(current) else []
        self.uow.commit([*self.identity.people.remove(current), *stays])

    def _writes(self, before: Person, after: Person) -> list[Write]:
        unmade = is_active_owner(before) and not is_active_owner(after)
        return [
            self.identity.people.change(before, after),
            *(self._another_owner(before) if unmade else []),
        ]

    def _another_owner(self, person: Person) -> list[Write]:
        """Makes sure of one, in the transaction that unmakes this one. Two owners who unmake each other at
        once: each transaction checks the row that the other changes, so only one of them commits."""
        for each in self.identity.people.every(person.tenant_id):
            if each.id != person.id and is_active_owner(each):
                return [self.identity.people.must_be_active_owner(each)]
        raise last_owner()


def _called(person: Person) -> str:
    return person.email or person.name


def _tell(before: Person, after: Person) -> None:
    trail.about("user", before.id, _called(before))
    for name in ("name", "role", "disabled", "charged_group"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            trail.note(**{name: f"{old} -> {new}"})
