"""What people need from storage, besides the rows of people themselves (identity)."""

from collections.abc import Iterator
from typing import Any, Protocol

from chalicelib.core.unit_of_work import Refusal, Write
from chalicelib.people.rules import Group, Invitation

Position = dict[str, Any]
"""Where a list goes on; opaque to everything but the store."""


class GroupStore(Protocol):
    """A tenant's groups. Reads are consistent: they decide who may do what."""

    def get(self, tenant_id: str, group_id: str) -> Group | None: ...

    def all_of(self, tenant_id: str) -> list[Group]:
        """Oldest first."""

    def page(
        self, tenant_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[Group], Position | None]:
        """Oldest first."""

    def add(self, group: Group) -> Write: ...

    def describe(self, group: Group) -> Write:
        """Its name and description; fails if it is gone or going."""

    def close(self, group: Group) -> Write:
        """From now on nobody joins; fails if it is gone."""

    def must_be_open(self, tenant_id: str, group_id: str, refused: Refusal | None = None) -> Write:
        """Fails unless the group exists and takes members."""

    def remove(self, tenant_id: str, group_id: str) -> Write: ...

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of the tenant's; True when none is left."""


class InvitationStore(Protocol):
    """A tenant's invitations. Reads are consistent."""

    def get(self, tenant_id: str, invitation_id: str) -> Invitation | None: ...

    def page(
        self, tenant_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[Invitation], Position | None]:
        """Newest first."""

    def all_of(self, tenant_id: str) -> Iterator[Invitation]: ...

    def add(self, invitation: Invitation) -> Write: ...

    def change(self, before: Invitation, after: Invitation) -> Write:
        """Fails with ConditionFailed unless it is neither accepted nor revoked and of the serial before."""

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of the tenant's; True when none is left."""
