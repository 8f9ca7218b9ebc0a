"""Use cases on tenants."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from chalicelib.core import trail
from chalicelib.core.clock import Clock
from chalicelib.core.errors import Conflict, Invalid, NotFound
from chalicelib.core.ids import new_id
from chalicelib.core.reads import Read
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import UnitOfWork, Write
from chalicelib.tenancy.changing import Change, changed
from chalicelib.tenancy.logos import Logo
from chalicelib.tenancy.rules import (
    PLANS,
    UNLIMITED_PLAN,
    Branding,
    Limited,
    Plan,
    Tenant,
    TenantSettings,
    TenantState,
    check_plan,
    check_slug,
)
from chalicelib.tenancy.store import TenantStore

__all__ = [
    "PLANS",
    "Branding",
    "Change",
    "Limited",
    "Logo",
    "Plan",
    "TenancyService",
    "Tenant",
    "TenantSettings",
    "TenantState",
]


@dataclass(frozen=True)
class TenancyService:
    """`on_narrowed` is told of a tenant whose people may not all go on where they are: what they hold open
    has to be asked for anew."""

    store: TenantStore
    uow: UnitOfWork
    clock: Clock
    on_narrowed: Callable[[str], object]

    def create(
        self,
        slug: str,
        name: str,
        *,
        allowed_images: tuple[str, ...] = ("streamspace/*",),
        plan: str = UNLIMITED_PLAN,
    ) -> Tenant:
        """A new tenant. Raises Invalid for a bad slug or plan, Conflict `slug_taken`."""
        tenant, writes = self.add(slug, name, allowed_images=allowed_images, plan=plan)
        self.uow.commit(writes)
        return tenant

    def add(
        self,
        slug: str,
        name: str,
        *,
        allowed_images: tuple[str, ...] = ("streamspace/*",),
        plan: str = UNLIMITED_PLAN,
        tenant_id: str | None = None,
    ) -> tuple[Tenant, list[Write]]:
        """A new tenant for the caller's unit of work, whose writes refuse with Conflict `slug_taken`. An id
        that the caller fixed makes a repetition fail. Raises Invalid for a bad slug or plan."""
        tenant = Tenant(
            id=tenant_id or new_id("ten"),
            slug=check_slug(slug),
            name=name,
            created_at=self.clock(),
            settings=TenantSettings(allowed_images=allowed_images),
            plan=check_plan(plan),
        )
        return tenant, self.store.add(tenant)

    def get(self, tenant_id: str) -> Tenant:
        """Raises NotFound."""
        tenant = self.store.get(tenant_id)
        if tenant is None:
            raise NotFound.of("tenant", tenant_id)
        return tenant

    def reading(self, tenant_id: str) -> Read[Tenant]:
        """For whoever reads it together with rows of their own."""
        return self.store.reading(tenant_id)

    def find(self, slug: str) -> Tenant | None:
        """By slug, as people type it at sign-in."""
        tenant_id = self.store.id_of(slug.strip().lower())
        return self.store.get(tenant_id) if tenant_id else None

    def is_leaving(self, tenant_id: str) -> bool:
        """Whether it is being deleted, or gone."""
        tenant = self.store.get(tenant_id)
        return tenant is None or tenant.state is TenantState.DELETING

    def every(self) -> Iterator[Tenant]:
        """All of them, in no order; for the operator of the deployment."""
        return self.store.all()

    def logo(self, tenant: Tenant) -> Logo | None:
        """Its picture, where it has one."""
        return self.store.logo(tenant.id) if tenant.branding.has_logo else None

    def allow(self, tenant_id: str, what: Limited, have: int | Callable[[], int]) -> None:
        """Whether the plan lets the tenant have one more than `have`, which is only counted where there is a
        limit. Raises Conflict `plan_limit`.

        A limit of what is sold, not of what there is: creations that race may end one or two above it.
        """
        tenant = self.get(tenant_id)
        limit: int | None = getattr(tenant.limits, what)
        if limit is None:
            return
        if (have() if callable(have) else have) >= limit:
            raise Conflict(
                f"The plan {tenant.plan} allows {limit} {_WORDS[what]}.",
                code="plan_limit",
                extra={"plan": tenant.plan, "limit": limit, "what": what},
            )

    def change(self, tenant_id: str, change: Change, *, source_ip: str) -> Tenant:
        """What an organisation sets itself. Raises Invalid, also for an allow list without the caller's own
        address: they would have locked themselves out."""

        def attempt() -> Tenant:
            before = self.get(tenant_id)
            after = changed(before, change)
            moved = after.settings.ip_allow_list != before.settings.ip_allow_list
            if moved and not after.settings.admits(source_ip):
                raise Invalid.field(
                    "settings.ip_allow_list", f"Your own address, {source_ip}, has to be in the list."
                )
            writes = [self.store.set_logo(tenant_id, change.logo)] if change.sets_logo else []
            trail.about("tenant", tenant_id, after.name)
            trail.note(**_differences(before, after), **({"logo": "changed"} if writes else {}))
            if writes or after != before:
                self.uow.commit([self.store.change(before, after), *writes])
            if moved and after.settings.ip_allow_list:
                self.on_narrowed(tenant_id)
            return after

        return on_conflict(attempt)

    def set_plan(self, tenant_id: str, plan: str) -> Tenant:
        """Raises NotFound, Invalid. What exceeds a smaller plan stays; nothing is added to it."""
        check_plan(plan)
        return self._alter(tenant_id, lambda tenant: replace(tenant, plan=plan))

    def suspend(self, tenant_id: str, reason: str) -> Tenant:
        """From the next request on its people, keys and sign-ins are refused. Raises NotFound, and Conflict
        `tenant_deleting`."""
        suspended = self._alter(tenant_id, lambda each: _moved(each, TenantState.SUSPENDED, reason))
        self.on_narrowed(tenant_id)
        return suspended

    def resume(self, tenant_id: str) -> Tenant:
        """Everything works again as it did. Raises NotFound, and Conflict `tenant_deleting`."""
        return self._alter(tenant_id, lambda each: _moved(each, TenantState.ACTIVE, None))

    def begin_deletion(self, tenant: Tenant) -> Write:
        """There is no way back. Fails with ConditionFailed when the tenant changed since it was read."""
        gone = replace(tenant, state=TenantState.DELETING, reason="deletion was asked for")
        return self.store.change(tenant, gone)

    def export(self, tenant_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The organisation itself."""
        tenant = self.get(tenant_id)
        logo = self.logo(tenant)
        yield (
            "tenant",
            {
                "id": tenant.id,
                "slug": tenant.slug,
                "name": tenant.name,
                "created_at": tenant.created_at.isoformat(),
                "state": tenant.state.value,
                "plan": tenant.plan,
                "settings": asdict(tenant.settings),
                "branding": {"accent": tenant.branding.accent, "logo": logo.url if logo else None},
            },
        )

    def removal(self, tenant_id: str) -> list[Write]:
        """The tenant, its slug and its logo go. Comes last, when nothing else of it is left."""
        return self.store.remove(self.get(tenant_id))

    def _alter(self, tenant_id: str, alter: Callable[[Tenant], Tenant]) -> Tenant:
        def attempt() -> Tenant:
            before = self.get(tenant_id)
            after = alter(before)
            if after != before:
                trail.about("tenant", tenant_id, after.name)
                self.uow.commit([self.store.change(before, after)])
            return after

        return on_conflict(attempt)


_WORDS: dict[Limited, str] = {
    "members": "members",
    "controllers": "controllers",
    "templates": "templates",
    "api_keys": "API keys",
    "sessions": "sessions at a time",
}


def _moved(tenant: Tenant, state: TenantState, reason: str | None) -> Tenant:
    if tenant.state is TenantState.DELETING:
        raise Conflict(f"{tenant.slug} is being deleted; that cannot be taken back.", code="tenant_deleting")
    return replace(tenant, state=state, reason=reason)


def _differences(before: Tenant, after: Tenant) -> dict[str, str]:
    """What changed, as the audit log tells it: field -> new value."""
    told: dict[str, str] = {}
    if after.name != before.name:
        told["name"] = after.name
    for name, value in asdict(after.settings).items():
        if value != getattr(before.settings, name):
            told[name] = ", ".join(value) if isinstance(value, tuple) else str(value)
    if after.branding.accent != before.branding.accent:
        told["accent"] = after.branding.accent or "none"
    return told
