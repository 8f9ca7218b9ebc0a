"""What tenancy needs from storage."""

from typing import Protocol

from chalicelib.core.unit_of_work import Write
from chalicelib.tenancy.rules import Tenant


class TenantStore(Protocol):
    """Tenants by id, and the slugs that lead to them."""

    def get(self, tenant_id: str) -> Tenant | None: ...

    def id_of(self, slug: str) -> str | None: ...

    def add(self, tenant: Tenant) -> list[Write]:
        """The tenant and its slug; refused with Conflict `slug_taken`."""
