"""Use cases on quotas. Booking hands back writes for the caller's unit of work."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.core import trail
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import ConditionFailed, UnitOfWork, Write
from chalicelib.quotas.rules import (
    NAMES,
    TENANT,
    USER_DEFAULT,
    Amount,
    Limits,
    Obstacle,
    Quota,
    group_subject,
    obstacle,
    refusal,
    user_subject,
)
from chalicelib.quotas.store import Booking, Books, QuotaStore
from chalicelib.tenancy.service import TenancyService, Tenant

__all__ = ["TENANT", "Amount", "Limits", "Quota", "QuotaService", "group_subject", "user_subject"]


@dataclass(frozen=True)
class QuotaService:
    """`group_names` says what a tenant's groups are called, `is_user` whether it has a user of that id."""

    store: QuotaStore
    uow: UnitOfWork
    tenancy: TenancyService
    group_names: Callable[[str], Mapping[str, str]]
    is_user: Callable[[str, str], bool]

    def book(
        self,
        tenant_id: str,
        user_id: str,
        group_id: str | None,
        amount: Amount,
        *,
        tenant: Tenant | None = None,
    ) -> list[Write]:
        """Writes that take `amount` from the tenant's, the user's and the charged group's quota. `tenant` is
        read unless the caller has it; its plan bounds the sessions.

        The writes refuse with Conflict `quota_exceeded`; what can never fit is refused here.
        """
        subjects = _subjects(user_id, group_id)
        books = self.store.read(tenant_id, [*subjects, USER_DEFAULT])
        plan = (tenant or self.tenancy.get(tenant_id)).limits.sessions if amount.sessions else None
        quotas = {subject: self._quota(books, subject, plan) for subject in subjects}
        for quota in quotas.values():
            empty = Quota(quota.subject, quota.limits, Amount(), quota.inherited)
            if obstacle(empty, amount) is not None:
                # Whatever comes back, this does not fit; the numbers in the refusal are those of now.
                raise self._refusal(tenant_id, subjects, amount)
        booking = Booking(
            amount,
            {subject: quota.limits for subject, quota in quotas.items()},
            frozenset(subject for subject, quota in quotas.items() if quota.inherited),
            plan,
        )
        return self.store.book(tenant_id, books, booking, lambda: self._refusal(tenant_id, subjects, amount))

    def unbook(self, tenant_id: str, user_id: str, group_id: str | None, amount: Amount) -> list[Write]:
        """Writes that give `amount` back to whom it was taken from."""
        return self.store.unbook(tenant_id, _subjects(user_id, group_id), amount) if amount.items() else []

    def visible(
        self, tenant_id: str, user_id: str, group_id: str | None = None, *, everyone: bool
    ) -> list[Quota]:
        """The tenant's quota, the caller's own and that of the group they are charged to; or all of them."""
        plan = self._plan(tenant_id)
        books = self.store.read_all(tenant_id)
        own = _subjects(user_id, group_id) if user_id else [TENANT]
        if not everyone:
            return [self._quota(books, subject, plan) for subject in own]
        quotas = [self._quota(books, subject, plan) for subject in sorted({*own, *books.subjects()})]
        return [quota for quota in quotas if quota.subject in own or self._worth_showing(tenant_id, quota)]

    def set_limits(self, tenant_id: str, subject: str, limits: Limits) -> Quota:
        """Replace a subject's limits. What is in use stays. Raises NotFound for a user or group that the
        tenant does not have."""
        self._must_be_known(tenant_id, subject)
        self._set(tenant_id, subject, limits, inherited=False)
        if subject == USER_DEFAULT:
            self._follow_default(tenant_id, limits)
        return self._one(tenant_id, subject)

    def reset_limits(self, tenant_id: str, subject: str) -> None:
        """Back to the default for users, or to no limits. Raises NotFound for a user or group that the tenant
        does not have."""
        self._must_be_known(tenant_id, subject)
        self._reset(tenant_id, subject)

    def forget_user(self, tenant_id: str, user_id: str) -> None:
        """Whoever has left has no limits of their own any more. What they still hold comes back by itself."""
        self._reset(tenant_id, user_subject(user_id), aside=True)

    def recorded(self, tenant_id: str) -> list[Quota]:
        """Everything that is booked or limited, for a recount."""
        books = self.store.read_all(tenant_id)
        return [self._quota(books, subject, None) for subject in books.subjects()]

    def export(self, tenant_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The tenant's limits and what is booked."""
        for quota in self.recorded(tenant_id):
            yield "quota", asdict(quota)

    def erase(self, tenant_id: str) -> bool:
        """Removes the tenant's quotas, a slice a call; True when none is left."""
        return self.store.erase(tenant_id)

    def _reset(self, tenant_id: str, subject: str, *, aside: bool = False) -> None:
        def attempt() -> None:
            books = self.store.read(tenant_id, [subject, USER_DEFAULT, TENANT], consistent=True)
            fallback = self._inherited(books, subject)
            dropped = self.store.forget(tenant_id, books, Quota(subject, fallback, Amount(), True))
            self.uow.commit(dropped, aside=aside)

        on_conflict(attempt)

    def _worth_showing(self, tenant_id: str, quota: Quota) -> bool:
        """Not what is empty and unlimited, nor the limits of a group that is gone."""
        if quota.scope not in ("user", "group") or quota.used != Amount():
            return True
        if quota.inherited:
            return False
        return quota.scope == "user" or quota.subject_id in self.group_names(tenant_id)

    def _plan(self, tenant_id: str) -> int | None:
        """How many sessions the tenant's plan allows."""
        return self.tenancy.get(tenant_id).limits.sessions

    def _one(self, tenant_id: str, subject: str) -> Quota:
        books = self.store.read(tenant_id, [*{subject, TENANT, USER_DEFAULT}], consistent=True)
        return self._quota(books, subject, self._plan(tenant_id))

    def _set(self, tenant_id: str, subject: str, limits: Limits, *, inherited: bool) -> None:
        def attempt() -> None:
            books = self.store.read(tenant_id, [subject], consistent=True)
            if inherited and books.limits(subject) is not None:
                return  # somebody chose its own meanwhile
            self.uow.commit(
                [self.store.set_limits(tenant_id, books, Quota(subject, limits, Amount(), inherited))]
            )

        on_conflict(attempt)

    def _follow_default(self, tenant_id: str, limits: Limits) -> None:
        for subject in self.store.read_all(tenant_id).followers():
            self._set(tenant_id, subject, limits, inherited=True)

    def _must_be_known(self, tenant_id: str, subject: str) -> None:
        scope, _, identifier = subject.partition("#")
        if scope == "user" and not self.is_user(tenant_id, identifier):
            raise NotFound.of("user", identifier)
        if scope == "group":
            names = self.group_names(tenant_id)
            if identifier not in names:
                raise NotFound.of("group", identifier)
            trail.about("group", identifier, names[identifier])

    def _quota(self, books: Books, subject: str, plan: int | None) -> Quota:
        chosen = books.limits(subject)
        limits = self._inherited(books, subject) if chosen is None else chosen
        if subject == TENANT:
            limits = limits.at_most(plan)
        inherited = chosen is None and subject not in (TENANT, USER_DEFAULT)
        return Quota(subject, limits, books.used(subject), inherited)

    @staticmethod
    def _inherited(books: Books, subject: str) -> Limits:
        default = books.limits(USER_DEFAULT) if subject.startswith("user#") else None
        return default or Limits()

    def _refusal(self, tenant_id: str, subjects: list[str], amount: Amount) -> Exception:
        """Which limit stands in the way; if none does by now, it was only a lost race."""
        books = self.store.read(tenant_id, [*subjects, USER_DEFAULT], consistent=True)
        plan = self._plan(tenant_id)
        found = (obstacle(self._quota(books, subject, plan), amount) for subject in subjects)
        first = next((each for each in found if each is not None), None)
        return ConditionFailed() if first is None else self._exceeded(tenant_id, first)

    def _exceeded(self, tenant_id: str, found: Obstacle) -> Conflict:
        quota = found.quota
        name = self.group_names(tenant_id).get(quota.subject_id or "") if quota.scope == "group" else None
        extra = {
            "scope": quota.scope,
            "subject_id": quota.subject_id,
            "dimension": NAMES[found.dimension],
            "limit": found.limit,
            "used": found.used,
            "asked": found.asked,
        }
        return Conflict(refusal(found, name), code="quota_exceeded", extra=extra)


def _subjects(user_id: str, group_id: str | None) -> list[str]:
    """The tenant first: its refusal is the one that concerns everybody."""
    return [TENANT, user_subject(user_id), *([group_subject(group_id)] if group_id else [])]
