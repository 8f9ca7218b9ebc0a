"""What tenancy needs from storage."""

from collections.abc import Iterator
from typing import Protocol

from chalicelib.core.reads import Read
from chalicelib.core.unit_of_work import Write
from chalicelib.tenancy.logos import Logo
from chalicelib.tenancy.rules import Tenant


class TenantStore(Protocol):
    """Tenants by id, the slugs that lead to them, and their logos."""

    def get(self, tenant_id: str) -> Tenant | None:
        """As of now: what was committed before is seen."""

    def reading(self, tenant_id: str) -> Read[Tenant]:
        """For whoever reads it together with rows of their own."""

    def id_of(self, slug: str) -> str | None: ...

    def all(self) -> Iterator[Tenant]:
        """Every tenant there is; for operators, never on a request's path."""

    def add(self, tenant: Tenant) -> list[Write]:
        """The tenant and its slug; refused with Conflict `slug_taken`."""

    def change(self, before: Tenant, after: Tenant) -> Write:
        """Fails with ConditionFailed when the tenant changed since `before` was read."""

    def logo(self, tenant_id: str) -> Logo | None: ...

    def set_logo(self, tenant_id: str, logo: Logo | None) -> Write: ...

    def remove(self, tenant: Tenant) -> list[Write]:
        """The tenant, its slug and its logo."""
