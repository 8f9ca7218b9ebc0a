"""What quotas need from storage."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.core.unit_of_work import Refusal, Write
from chalicelib.quotas.rules import Amount, Limits, Quota


class Books(Protocol):
    """Quotas of a tenant as they were read."""

    def subjects(self) -> list[str]:
        """Whoever has limits or counters."""

    def limits(self, subject: str) -> Limits | None:
        """Those set for the subject itself; None where nothing was."""

    def used(self, subject: str) -> Amount: ...

    def followers(self) -> list[str]:
        """Users for whom a copy of the default is kept, which has to follow it."""


@dataclass(frozen=True)
class Booking:
    """What is asked of whom: `limits` by subject, the tenant's among them, which its plan bounds."""

    amount: Amount
    limits: dict[str, Limits]
    inherited: frozenset[str] = frozenset()
    sessions_in_plan: int | None = None


class QuotaStore(Protocol):
    """One quota a subject of a tenant."""

    def read(self, tenant_id: str, subjects: Sequence[str], *, consistent: bool = False) -> Books: ...

    def read_all(self, tenant_id: str) -> Books: ...

    def book(self, tenant_id: str, books: Books, booking: Booking, refused: Refusal) -> list[Write]:
        """Take the amount if all limits allow it. `refused` finds out why not; a lost race fails with
        ConditionFailed."""

    def unbook(self, tenant_id: str, subjects: Sequence[str], amount: Amount) -> list[Write]: ...

    def set_limits(self, tenant_id: str, books: Books, quota: Quota) -> Write:
        """Replace limits; fails with ConditionFailed when usage moved meanwhile."""

    def forget(self, tenant_id: str, books: Books, fallback: Quota) -> list[Write]:
        """Drop what was set for a user or a group, so that `fallback` holds; nothing to do where nothing was
        set."""

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of the tenant's; True when none is left."""
