"""API keys on DynamoDB, under their tenant."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from chalicelib.api_keys.rules import LISTED, ApiKey
from chalicelib.api_keys.store import Position
from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Put, TableMeta, Update, table, write
from chalicelib.core.dynamo_rows import remove_partition
from chalicelib.core.unit_of_work import Write


class ByOwner(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """One user's keys. `owner` is `<tenant>#<user>`."""

    class Meta:
        index_name = "by-owner"
        projection = AllProjection()
        read_capacity_units = 0
        write_capacity_units = 0

    owner = UnicodeAttribute(hash_key=True)
    key_id = UnicodeAttribute(range_key=True)


class ApiKeyRow(Model):
    class Meta(TableMeta):
        table_name = table("api-keys")

    tenant_id = UnicodeAttribute(hash_key=True)
    key_id = UnicodeAttribute(range_key=True)
    by_owner = ByOwner()

    owner = UnicodeAttribute()
    name = UnicodeAttribute()
    hint = UnicodeAttribute()
    digest = UnicodeAttribute()
    scopes = UnicodeSetAttribute()
    created_at = NumberAttribute()
    expires_at = NumberAttribute()
    last_used_at = NumberAttribute(null=True)
    last_used_ip = UnicodeAttribute(null=True)
    revoked_at = NumberAttribute(null=True)
    replaced_by = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


class DynamoApiKeyStore:
    """`ApiKeyStore` on PynamoDB."""

    def get(self, tenant_id: str, key_id: str) -> ApiKey | None:
        try:
            return _key(ApiKeyRow.get(tenant_id, key_id, consistent_read=True))
        except DoesNotExist:
            return None

    def page(
        self, tenant_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[ApiKey], Position | None]:
        rows = ApiKeyRow.query(tenant_id, limit=limit, last_evaluated_key=after, scan_index_forward=False)
        found = [_key(row) for row in rows]
        return found, cast("dict[str, Any] | None", rows.last_evaluated_key)

    def page_of(
        self, tenant_id: str, user_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[ApiKey], Position | None]:
        rows = ApiKeyRow.by_owner.query(
            f"{tenant_id}#{user_id}", limit=limit, last_evaluated_key=after, scan_index_forward=False
        )
        found = [_key(row) for row in rows]
        return found, cast("dict[str, Any] | None", rows.last_evaluated_key)

    def of_tenant(self, tenant_id: str) -> Iterator[ApiKey]:
        return (_key(row) for row in ApiKeyRow.query(tenant_id, consistent_read=True))

    def add(self, key: ApiKey) -> Write:
        row = ApiKeyRow(
            key.tenant_id,
            key.id,
            owner=f"{key.tenant_id}#{key.user_id}",
            name=key.name,
            hint=key.hint,
            digest=key.digest,
            scopes=set(key.scopes),
            created_at=epoch_millis(key.created_at),
            expires_at=epoch_millis(key.expires_at),
            ttl=_ttl(key.expires_at),
        )
        return write(Put(row, ApiKeyRow.key_id.does_not_exist()))

    def rotate(self, before: ApiKey, after: ApiKey) -> Write:
        actions = (
            ApiKeyRow.replaced_by.set(after.replaced_by or ""),
            ApiKeyRow.expires_at.set(epoch_millis(after.expires_at)),
            ApiKeyRow.ttl.set(_ttl(after.expires_at)),
        )
        unmoved = ApiKeyRow.replaced_by.does_not_exist() & ApiKeyRow.revoked_at.does_not_exist()
        return write(Update(_row(before), actions, ApiKeyRow.key_id.exists() & unmoved))

    def revoke(self, key: ApiKey, now: datetime) -> Write:
        actions = (ApiKeyRow.revoked_at.set(epoch_millis(now)), ApiKeyRow.ttl.set(_ttl(now)))
        unrevoked = ApiKeyRow.key_id.exists() & ApiKeyRow.revoked_at.does_not_exist()
        return write(Update(_row(key), actions, unrevoked))

    def used(self, key: ApiKey, now: datetime, source_ip: str) -> Write:
        actions = [ApiKeyRow.last_used_at.set(epoch_millis(now))]
        actions.append(
            ApiKeyRow.last_used_ip.set(source_ip) if source_ip else ApiKeyRow.last_used_ip.remove()
        )
        unseen = (
            ApiKeyRow.last_used_at.does_not_exist()
            if key.last_used_at is None
            else ApiKeyRow.last_used_at == epoch_millis(key.last_used_at)
        )
        return write(Update(_row(key), tuple(actions), ApiKeyRow.key_id.exists() & unseen))

    def erase(self, tenant_id: str) -> bool:
        return remove_partition(ApiKeyRow, tenant_id)


def _row(key: ApiKey) -> ApiKeyRow:
    return ApiKeyRow(key.tenant_id, key.id)


def _ttl(ended_at: datetime) -> int:
    return int((ended_at + LISTED).timestamp())


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        tenant_id=row.tenant_id,
        id=row.key_id,
        user_id=row.owner.partition("#")[2],
        name=row.name,
        hint=row.hint,
        digest=row.digest,
        scopes=tuple(sorted(str(scope) for scope in row.scopes)),
        created_at=from_millis(int(row.created_at)),
        expires_at=from_millis(int(row.expires_at)),
        last_used_at=from_millis(int(row.last_used_at)) if row.last_used_at else None,
        last_used_ip=row.last_used_ip,
        revoked_at=from_millis(int(row.revoked_at)) if row.revoked_at else None,
        replaced_by=row.replaced_by,
    )
