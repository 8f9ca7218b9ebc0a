"""Use cases on quotas. Booking hands back writes for the caller's unit of work."""

from dataclasses import dataclass

from chalicelib.core.errors import Conflict
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import UnitOfWork, Write
from chalicelib.quotas.rules import TENANT, USER_DEFAULT, Amount, Limits, Quota, left, refusal, user_subject
from chalicelib.quotas.store import QuotaStore

__all__ = ["TENANT", "Amount", "Limits", "Quota", "QuotaService", "user_subject"]


@dataclass(frozen=True)
class QuotaService:
    store: QuotaStore
    uow: UnitOfWork

    def book(self, tenant_id: str, user_id: str, amount: Amount) -> list[Write]:
        """Writes that take `amount` from the tenant's and the user's quota.

        The writes refuse with Conflict `quota_exceeded`; a first booking that can never fit is refused here.
        """
        subjects = [TENANT, user_subject(user_id)]
        held = self.store.several(tenant_id, [*subjects, USER_DEFAULT])
        return [self._book_one(tenant_id, subject, held, amount) for subject in subjects]

    def unbook(self, tenant_id: str, user_id: str, amount: Amount) -> list[Write]:
        """Writes that give `amount` back."""
        if not amount.items():
            return []
        return [self.store.unbook(tenant_id, subject, amount) for subject in (TENANT, user_subject(user_id))]

    def visible(self, tenant_id: str, user_id: str, *, everyone: bool) -> list[Quota]:
        """The tenant's quota and the caller's own, or all of them."""
        own = user_subject(user_id)
        rows = {quota.subject: quota for quota in self.store.all_of(tenant_id)}
        for subject in (TENANT, own):
            rows.setdefault(subject, self._fresh(subject, rows))
        return [quota for subject, quota in sorted(rows.items()) if everyone or subject in (TENANT, own)]

    def set_limits(self, tenant_id: str, subject: str, limits: Limits) -> Quota:
        """Replace a subject's limits (`tenant`, `user-default` or one user's). What is in use stays."""
        on_conflict(lambda: self._set_one(tenant_id, subject, limits, inherited=False))
        if subject == USER_DEFAULT:
            for quota in self.store.all_of(tenant_id):
                if quota.inherited:
                    self._follow_default(tenant_id, quota.subject, limits)
        stored = self.store.get(tenant_id, subject)
        return stored or Quota(subject, limits, Amount())

    def _follow_default(self, tenant_id: str, subject: str, limits: Limits) -> None:
        on_conflict(lambda: self._set_one(tenant_id, subject, limits, inherited=True))

    def _set_one(self, tenant_id: str, subject: str, limits: Limits, *, inherited: bool) -> None:
        before = self.store.get(tenant_id, subject)
        if before is None:
            self.uow.commit(
                [self.store.add(tenant_id, Quota(subject, limits, Amount(), inherited=inherited))]
            )
        else:
            self.uow.commit([self.store.set_limits(tenant_id, before, limits, inherited=inherited)])

    def _book_one(self, tenant_id: str, subject: str, held: dict[str, Quota], amount: Amount) -> Write:
        if subject in held:
            return self.store.book(tenant_id, subject, amount)
        fresh = self._fresh(subject, held)
        for name, value in amount.items():
            if left(getattr(fresh.limits, name), 0) < value:
                raise Conflict(refusal(fresh, amount), code="quota_exceeded")
        first = Quota(subject, fresh.limits, amount, inherited=fresh.inherited)
        return self.store.add(tenant_id, first)

    @staticmethod
    def _fresh(subject: str, held: dict[str, Quota]) -> Quota:
        default = held.get(USER_DEFAULT)
        if subject == TENANT or default is None:
            return Quota(subject, Limits(), Amount(), inherited=subject != TENANT)
        return Quota(subject, default.limits, Amount(), inherited=True)
