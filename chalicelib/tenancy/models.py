"""Tenants on DynamoDB: one row a tenant, one lookup row a slug."""

from pynamodb.attributes import BooleanAttribute, ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.models import Model

from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Put, TableMeta, table, write
from chalicelib.core.errors import Conflict
from chalicelib.core.unit_of_work import Write
from chalicelib.tenancy.rules import Tenant


class TenantRow(Model):
    class Meta(TableMeta):
        table_name = table("tenants")

    tenant_id = UnicodeAttribute(hash_key=True)
    slug = UnicodeAttribute()
    name = UnicodeAttribute()
    suspended = BooleanAttribute(default=False)
    allowed_images = ListAttribute(of=UnicodeAttribute)
    created_at = NumberAttribute()


class SlugRow(Model):
    """A lookup that yields the tenant, so its key cannot start with it."""

    class Meta(TableMeta):
        table_name = table("tenant-slugs")

    slug = UnicodeAttribute(hash_key=True)
    tenant_id = UnicodeAttribute()


class DynamoTenantStore:
    """`TenantStore` on PynamoDB."""

    def get(self, tenant_id: str) -> Tenant | None:
        try:
            return _tenant(TenantRow.get(tenant_id))
        except DoesNotExist:
            return None

    def id_of(self, slug: str) -> str | None:
        try:
            return SlugRow.get(slug).tenant_id
        except DoesNotExist:
            return None

    def add(self, tenant: Tenant) -> list[Write]:
        row = TenantRow(
            tenant_id=tenant.id,
            slug=tenant.slug,
            name=tenant.name,
            suspended=tenant.suspended,
            allowed_images=list(tenant.allowed_images),
            created_at=epoch_millis(tenant.created_at),
        )
        taken = SlugRow(slug=tenant.slug, tenant_id=tenant.id)
        return [
            write(Put(row, TenantRow.tenant_id.does_not_exist())),
            write(
                Put(taken, SlugRow.slug.does_not_exist()),
                lambda: Conflict(f"The name {tenant.slug} is taken.", code="slug_taken"),
            ),
        ]


def _tenant(row: TenantRow) -> Tenant:
    return Tenant(
        id=row.tenant_id,
        slug=row.slug,
        name=row.name,
        created_at=from_millis(int(row.created_at)),
        suspended=bool(row.suspended),
        allowed_images=tuple(str(pattern) for pattern in row.allowed_images),
    )
