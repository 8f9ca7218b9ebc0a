"""What identity needs from storage."""

from datetime import datetime
from typing import Protocol

from chalicelib.core.unit_of_work import Write
from chalicelib.identity.rules import Person, RefreshFamily


class PersonStore(Protocol):
    """People by id within their tenant, and by e-mail across tenants (sign-in only)."""

    def get(self, tenant_id: str, user_id: str) -> Person | None: ...

    def by_email(self, email: str) -> list[Person]: ...

    def add(self, person: Person) -> list[Write]:
        """Refused with Conflict `email_taken` within the tenant."""

    def set_password(self, person: Person, password_hash: str) -> Write: ...


class FamilyStore(Protocol):
    """Refresh-token families."""

    def get(self, family_id: str) -> RefreshFamily | None: ...

    def add(self, family: RefreshFamily) -> Write: ...

    def rotate(self, family: RefreshFamily, successor: str, now: datetime) -> Write:
        """`current` becomes `previous`; fails with ConditionFailed when another rotated first."""

    def revoke(self, family: RefreshFamily) -> Write: ...


class AttemptStore(Protocol):
    """Failed sign-ins by account and by address."""

    def locked_until(self, keys: list[str]) -> datetime | None: ...

    def fail(self, key: str, now: datetime) -> None:
        """One more failure; sets the lock that the rules ask for."""

    def clear(self, key: str) -> None: ...
