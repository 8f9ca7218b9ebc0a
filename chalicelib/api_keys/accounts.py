"""Use cases on service accounts: users for programs, which only keys open."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.core import trail
from chalicelib.core.errors import Forbidden, Invalid
from chalicelib.core.unit_of_work import UnitOfWork
from chalicelib.identity.rules import PERMISSIONS, PERSONAL
from chalicelib.identity.service import IdentityService, Person, Role, User
from chalicelib.people.service import GroupService


@dataclass(frozen=True)
class ServiceAccountService:
    identity: IdentityService
    groups: GroupService
    uow: UnitOfWork

    def create(self, caller: User, name: str, role: Role, group_ids: Sequence[str]) -> Person:
        """An account without password or address; people's routes list, change and remove it. Raises Invalid
        for an unknown group, Forbidden for a role that may do more than the caller."""
        if role is Role.OWNER:
            raise Invalid.field("role", "A service account cannot be an owner.")
        if not PERMISSIONS[role] - PERSONAL <= caller.permissions:
            raise Forbidden("This role may do more than you.")
        known = self.groups.check(caller.tenant_id, group_ids)
        person, writes = self.identity.add_person(
            caller.tenant_id, "", name, None, role, kind="service", groups=known
        )
        trail.about("user", person.id, name)
        trail.note(role=role.value, kind="service")
        self.uow.commit([*writes, *self.groups.still_open(caller.tenant_id, known)])
        return person
