"""Tenants on DynamoDB: one row a tenant, one lookup row a slug, and a logo in a row of its own.

The tenant's row is read on every request: without a long allow list it stays below 1 KB.
"""

from collections.abc import Iterator
from typing import Any

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Delete, Put, TableMeta, Update, table, write
from chalicelib.core.dynamo_reads import row_read
from chalicelib.core.errors import Conflict
from chalicelib.core.reads import Read
from chalicelib.core.unit_of_work import Write
from chalicelib.tenancy.logos import Logo
from chalicelib.tenancy.rules import UNLIMITED_PLAN, Branding, Tenant, TenantSettings, TenantState


class TenantRow(Model):
    class Meta(TableMeta):
        table_name = table("tenants")

    tenant_id = UnicodeAttribute(hash_key=True)
    slug = UnicodeAttribute()
    name = UnicodeAttribute()
    created_at = NumberAttribute()
    state = UnicodeAttribute(default=TenantState.ACTIVE.value)
    reason = UnicodeAttribute(null=True)
    plan = UnicodeAttribute(default=UNLIMITED_PLAN)
    allowed_images = ListAttribute(of=UnicodeAttribute)
    ip_allow_list = ListAttribute(of=UnicodeAttribute, null=True)
    password_min_length = NumberAttribute(null=True)
    invitation_days = NumberAttribute(null=True)
    accent = UnicodeAttribute(null=True)
    has_logo = BooleanAttribute(null=True)
    revision = NumberAttribute(default=0)


class SlugRow(Model):
    """A lookup that yields the tenant, so its key cannot start with it."""

    class Meta(TableMeta):
        table_name = table("tenant-slugs")

    slug = UnicodeAttribute(hash_key=True)
    tenant_id = UnicodeAttribute()


class LogoRow(Model):
    class Meta(TableMeta):
        table_name = table("tenant-logos")

    tenant_id = UnicodeAttribute(hash_key=True)
    media_type = UnicodeAttribute()
    content = BinaryAttribute(legacy_encoding=False)


class DynamoTenantStore:
    """`TenantStore` on PynamoDB."""

    def get(self, tenant_id: str) -> Tenant | None:
        try:
            return _tenant(TenantRow.get(tenant_id, consistent_read=True))
        except DoesNotExist:
            return None

    def reading(self, tenant_id: str) -> Read[Tenant]:
        return row_read(TenantRow, tenant_id, None, _tenant)

    def id_of(self, slug: str) -> str | None:
        try:
            return SlugRow.get(slug).tenant_id
        except DoesNotExist:
            return None

    def all(self) -> Iterator[Tenant]:
        return map(_tenant, TenantRow.scan())

    def add(self, tenant: Tenant) -> list[Write]:
        row = TenantRow(tenant.id, created_at=epoch_millis(tenant.created_at), **_attributes(tenant))
        taken = SlugRow(slug=tenant.slug, tenant_id=tenant.id)
        return [
            write(Put(row, TenantRow.tenant_id.does_not_exist())),
            write(
                Put(taken, SlugRow.slug.does_not_exist()),
                lambda: Conflict(f"The name {tenant.slug} is taken.", code="slug_taken"),
            ),
        ]

    def change(self, before: Tenant, after: Tenant) -> Write:
        old, new = _attributes(before), _attributes(after)
        actions: list[Action] = [TenantRow.revision.set(before.revision + 1)]
        for name, value in new.items():
            if value != old[name]:
                column = getattr(TenantRow, name)
                actions.append(column.remove() if value is None else column.set(value))
        unchanged = TenantRow.revision == before.revision
        if before.revision == 0:  # rows from before there were revisions
            unchanged = unchanged | TenantRow.revision.does_not_exist()
        return write(Update(TenantRow(before.id), tuple(actions), TenantRow.tenant_id.exists() & unchanged))

    def logo(self, tenant_id: str) -> Logo | None:
        try:
            row = LogoRow.get(tenant_id)
        except DoesNotExist:
            return None
        return Logo(row.media_type, bytes(row.content))

    def set_logo(self, tenant_id: str, logo: Logo | None) -> Write:
        if logo is None:
            return write(Delete(LogoRow(tenant_id)))
        return write(Put(LogoRow(tenant_id, media_type=logo.media_type, content=logo.content)))

    def remove(self, tenant: Tenant) -> list[Write]:
        return [
            write(Delete(LogoRow(tenant.id))),
            write(Delete(SlugRow(tenant.slug), SlugRow.tenant_id == tenant.id)),
            write(Delete(TenantRow(tenant.id))),
        ]


def _attributes(tenant: Tenant) -> dict[str, Any]:
    settings, usual = tenant.settings, TenantSettings()
    return {
        "slug": tenant.slug,
        "name": tenant.name,
        "state": tenant.state.value,
        "reason": tenant.reason,
        "plan": tenant.plan,
        "allowed_images": list(settings.allowed_images),
        "ip_allow_list": list(settings.ip_allow_list) or None,
        "password_min_length": _unusual(settings.password_min_length, usual.password_min_length),
        "invitation_days": _unusual(settings.invitation_days, usual.invitation_days),
        "accent": tenant.branding.accent,
        "has_logo": tenant.branding.has_logo or None,
    }


def _unusual(value: int, usual: int) -> int | None:
    return None if value == usual else value


def _tenant(row: TenantRow) -> Tenant:
    usual = TenantSettings()
    return Tenant(
        id=row.tenant_id,
        slug=row.slug,
        name=row.name,
        created_at=from_millis(int(row.created_at)),
        settings=TenantSettings(
            allowed_images=tuple(map(str, row.allowed_images)),
            ip_allow_list=tuple(map(str, row.ip_allow_list or ())),
            password_min_length=int(row.password_min_length or usual.password_min_length),
            invitation_days=int(row.invitation_days or usual.invitation_days),
        ),
        branding=Branding(row.accent, bool(row.has_logo)),
        plan=row.plan,
        state=TenantState(row.state),
        reason=row.reason,
        revision=int(row.revision),
    )
