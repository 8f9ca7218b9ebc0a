"""Use cases on tenants."""

from dataclasses import dataclass

from chalicelib.core.clock import Clock
from chalicelib.core.errors import NotFound
from chalicelib.core.ids import new_id
from chalicelib.core.unit_of_work import UnitOfWork
from chalicelib.tenancy.rules import Tenant, check_slug
from chalicelib.tenancy.store import TenantStore

__all__ = ["TenancyService", "Tenant"]


@dataclass(frozen=True)
class TenancyService:
    store: TenantStore
    uow: UnitOfWork
    clock: Clock

    def create(self, slug: str, name: str, *, allowed_images: tuple[str, ...] = ("streamspace/*",)) -> Tenant:
        """A new tenant. Raises Invalid for a bad slug, Conflict `slug_taken`."""
        tenant = Tenant(
            id=new_id("ten"),
            slug=check_slug(slug),
            name=name,
            created_at=self.clock(),
            allowed_images=allowed_images,
        )
        self.uow.commit(self.store.add(tenant))
        return tenant

    def get(self, tenant_id: str) -> Tenant:
        """Raises NotFound."""
        tenant = self.store.get(tenant_id)
        if tenant is None:
            raise NotFound.of("tenant", tenant_id)
        return tenant

    def find(self, slug: str) -> Tenant | None:
        """By slug, as people type it at sign-in."""
        tenant_id = self.store.id_of(slug.strip().lower())
        return self.store.get(tenant_id) if tenant_id else None
