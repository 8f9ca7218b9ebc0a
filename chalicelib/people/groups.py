"""Use cases on groups and who is in them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.core import trail
from chalicelib.core.clock import Clock
from chalicelib.core.errors import Invalid, NotFound
from chalicelib.core.ids import new_id
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import UnitOfWork, Write
from chalicelib.identity.service import IdentityService, Person
from chalicelib.people.rules import Group, charged, joined
from chalicelib.people.store import GroupStore, Position


@dataclass(frozen=True)
class Counted:
    """A group and how many are in it. Counted when asked, off the people themselves: a number on the group's
    row would be one row that every change of any member contends for, and could be wrong."""

    group: Group
    members: int


@dataclass(frozen=True)
class GroupService:
    store: GroupStore
    identity: IdentityService
    uow: UnitOfWork
    clock: Clock

    def names(self, tenant_id: str) -> dict[str, str]:
        """What the groups that may be named are called, by id."""
        return {group.id: group.name for group in self.store.all_of(tenant_id) if not group.removing}

    def of_user(self, tenant_id: str, user_id: str) -> tuple[str, ...]:
        """The groups that somebody is in at this moment; none for who is gone."""
        person = self.identity.people.get(tenant_id, user_id)
        return person.groups if person is not None else ()

    def check(self, tenant_id: str, group_ids: Sequence[str], *, field: str = "group_ids") -> tuple[str, ...]:
        """The ids, each once. Raises Invalid that names the field for one that is no group of the tenant."""
        wanted = tuple(dict.fromkeys(group_ids))
        if wanted:
            known = self.names(tenant_id)
            for group_id in wanted:
                if group_id not in known:
                    raise Invalid.field(field, f"There is no group {group_id}.")
        return wanted

    def still_open(self, tenant_id: str, group_ids: Sequence[str]) -> list[Write]:
        """For a unit of work that puts somebody into these groups: it fails if one goes at that moment."""
        return [self.store.must_be_open(tenant_id, group_id) for group_id in group_ids]

    def page(
        self, tenant_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[Counted], Position | None]:
        """Oldest first."""
        found, position = self.store.page(tenant_id, limit=limit, after=after)
        counts = self._counts(tenant_id) if found else Counter()
        return [Counted(group, counts[group.id]) for group in found], position

    def get(self, tenant_id: str, group_id: str) -> Counted:
        """Raises NotFound, also for another tenant's."""
        return Counted(self._group(tenant_id, group_id), self._counts(tenant_id)[group_id])

    def add(self, tenant_id: str, name: str, description: str) -> Counted:
        """A new group without members."""
        group = Group(tenant_id, new_id("grp"), name, description, self.clock())
        trail.about("group", group.id, group.name)
        self.uow.commit([self.store.add(group)])
        return Counted(group, 0)

    def change(self, tenant_id: str, group_id: str, *, name: str | None, description: str | None) -> Counted:
        """What people call it; None stays. Raises NotFound."""

        def attempt() -> Group:
            before = self._open(tenant_id, group_id)
            after = replace(
                before,
                name=before.name if name is None else name,
                description=before.description if description is None else description,
            )
            trail.about("group", group_id, after.name)
            if after != before:
                self.uow.commit([self.store.describe(after)])
            return after

        return Counted(on_conflict(attempt), self._counts(tenant_id)[group_id])

    def remove(self, tenant_id: str, group_id: str) -> None:
        """Nobody is in it any more, then it is gone. What is only for it stays closed. Repeating goes on
        where it stopped. Raises NotFound."""
        group = self._group(tenant_id, group_id)
        trail.about("group", group_id, group.name)
        if not group.removing:
            # First nobody joins any more, or somebody could between the last look and the end.
            self._close(group)
        for person in self._members(tenant_id, group_id):
            self._move(tenant_id, person.id, lambda groups: _without(groups, group_id), [])
        self.uow.commit([self.store.remove(tenant_id, group_id)])

    def members(
        self, tenant_id: str, group_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[Person], Position | None]:
        """Raises NotFound."""
        self._group(tenant_id, group_id)
        return self.identity.people.page(tenant_id, limit=limit, after=after, group=group_id)

    def join(self, tenant_id: str, group_id: str, user_id: str) -> None:
        """Puts somebody in; again changes nothing. Raises NotFound, Conflict `too_many_groups`."""
        group = self._open(tenant_id, group_id)
        trail.note(group=group.name)
        self._move(
            tenant_id,
            user_id,
            lambda groups: joined(groups, group_id),
            [self.store.must_be_open(tenant_id, group_id, lambda: NotFound.of("group", group_id))],
        )

    def leave(self, tenant_id: str, group_id: str, user_id: str) -> None:
        """Takes somebody off; again changes nothing. Raises NotFound."""
        trail.note(group=self._group(tenant_id, group_id).name)
        self._move(tenant_id, user_id, lambda groups: _without(groups, group_id), [])

    def export(self, tenant_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The tenant's groups; who is in them stands with the people."""
        for group in self.store.all_of(tenant_id):
            yield (
                "group",
                {
                    "id": group.id,
                    "name": group.name,
                    "description": group.description,
                    "created_at": group.created_at.isoformat(),
                },
            )

    def erase(self, tenant_id: str) -> bool:
        """Removes the tenant's groups, a slice a call; True when none is left."""
        return self.store.erase(tenant_id)

    def _close(self, group: Group) -> None:
        self.uow.commit([self.store.close(group)])

    def _move(
        self,
        tenant_id: str,
        user_id: str,
        change: Callable[[tuple[str, ...]], tuple[str, ...]],
        also: list[Write],
    ) -> None:
        def attempt() -> None:
            before = self.identity.people.get(tenant_id, user_id)
            if before is None:
                raise NotFound.of("user", user_id)
            trail.about("user", user_id, before.email or before.name)
            groups = change(before.groups)
            if groups != before.groups:
                after = replace(before, groups=groups, charged_group=charged(before.charged_group, groups))
                self.uow.commit([self.identity.people.change(before, after), *also])

        on_conflict(attempt)

    def _members(self, tenant_id: str, group_id: str) -> Iterator[Person]:
        return (each for each in self.identity.people.every(tenant_id) if group_id in each.groups)

    def _counts(self, tenant_id: str) -> Counter[str]:
        return Counter(group for each in self.identity.people.every(tenant_id) for group in each.groups)

    def _group(self, tenant_id: str, group_id: str) -> Group:
        group = self.store.get(tenant_id, group_id)
        if group is None:
            raise NotFound.of("group", group_id)
        return group

    def _open(self, tenant_id: str, group_id: str) -> Group:
        group = self._group(tenant_id, group_id)
        if group.removing:
            raise NotFound.of("group", group_id)
        return group


def _without(groups: tuple[str, ...], group_id: str) -> tuple[str, ...]:
    return tuple(each for each in groups if each != group_id)
