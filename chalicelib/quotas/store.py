"""What quotas need from storage."""

from typing import Protocol

from chalicelib.core.unit_of_work import Write
from chalicelib.quotas.rules import Amount, Limits, Quota


class QuotaStore(Protocol):
    """One quota a subject of a tenant."""

    def get(self, tenant_id: str, subject: str) -> Quota | None: ...

    def several(self, tenant_id: str, subjects: list[str]) -> dict[str, Quota]:
        """Those of the subjects that have a row."""

    def all_of(self, tenant_id: str) -> list[Quota]: ...

    def add(self, tenant_id: str, quota: Quota) -> Write:
        """A new row; fails with ConditionFailed where there is one by now."""

    def book(self, tenant_id: str, subject: str, amount: Amount) -> Write:
        """Take `amount` if so much is left; refused with Conflict `quota_exceeded` that names the limit."""

    def unbook(self, tenant_id: str, subject: str, amount: Amount) -> Write: ...

    def set_limits(self, tenant_id: str, before: Quota, limits: Limits, *, inherited: bool) -> Write:
        """Replace limits; fails with ConditionFailed when usage moved meanwhile."""
