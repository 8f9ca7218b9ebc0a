"""Mail requests on DynamoDB."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.constants import STREAM_NEW_IMAGE
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Delete, Put, TableMeta, Update, table, write
from chalicelib.core.dynamo_rows import remove_partition
from chalicelib.core.unit_of_work import Write
from chalicelib.mail.rules import KEPT, MailRequest

_SHARD = "waiting"
"""All requests are in one shard: mails are rare, and each is waiting for a moment only."""


class ByDue(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """What the sweep has to look at."""

    class Meta:
        index_name = "by-due"
        projection = AllProjection()
        read_capacity_units = 0
        write_capacity_units = 0

    shard = UnicodeAttribute(hash_key=True)
    due = NumberAttribute(range_key=True)


class MailRequestRow(Model):
    """The hash key is the tenant's id, or `nobody` for requests that precede one."""

    class Meta(TableMeta):
        table_name = table("mail-requests")
        stream_view_type = STREAM_NEW_IMAGE

    tenant_id = UnicodeAttribute(hash_key=True)
    mail_id = UnicodeAttribute(range_key=True)
    by_due = ByDue()

    shard = UnicodeAttribute(default=_SHARD)
    due = NumberAttribute()
    kind = UnicodeAttribute()
    to = UnicodeAttribute()
    data = JSONAttribute()
    attempts = NumberAttribute(default=0)
    created_at = NumberAttribute()
    ttl = NumberAttribute()


class DynamoMailStore:
    """`MailStore` on PynamoDB."""

    def add(self, request: MailRequest) -> Write:
        row = MailRequestRow(
            request.tenant_id,
            request.id,
            due=epoch_millis(request.due_at),
            kind=request.kind,
            to=request.to,
            data=request.data,
            attempts=request.attempts,
            created_at=epoch_millis(request.created_at),
            # Twice as long as it is tried: only what nothing looked at any more is left to this.
            ttl=int((request.created_at + 2 * KEPT).timestamp()),
        )
        return write(Put(row, MailRequestRow.mail_id.does_not_exist()))

    def from_image(self, image: Mapping[str, Any]) -> MailRequest:
        row = MailRequestRow()
        row.deserialize(dict(image))
        if not row.tenant_id or not row.mail_id:
            raise ValueError("a mail request without its key")
        return _request(row)

    def due(self, now: datetime, limit: int) -> list[MailRequest]:
        rows = MailRequestRow.by_due.query(_SHARD, ByDue.due <= epoch_millis(now), limit=limit)
        return [_request(row) for row in rows]

    def claim(self, request: MailRequest, until: datetime) -> Write:
        actions = (
            MailRequestRow.attempts.set(request.attempts + 1),
            MailRequestRow.due.set(epoch_millis(until)),
        )
        return write(Update(_key(request), actions, MailRequestRow.attempts == request.attempts))

    def postpone(self, request: MailRequest, until: datetime) -> Write:
        actions = (MailRequestRow.due.set(epoch_millis(until)),)
        return write(Update(_key(request), actions, MailRequestRow.mail_id.exists()))

    def remove(self, request: MailRequest) -> Write:
        return write(Delete(_key(request)))

    def of_tenant(self, tenant_id: str) -> Iterator[MailRequest]:
        return (_request(row) for row in MailRequestRow.query(tenant_id, consistent_read=True))

    def erase(self, tenant_id: str) -> bool:
        return remove_partition(MailRequestRow, tenant_id)


def _key(request: MailRequest) -> MailRequestRow:
    return MailRequestRow(request.tenant_id, request.id)


def _request(row: MailRequestRow) -> MailRequest:
    return MailRequest(
        tenant_id=row.tenant_id,
        id=row.mail_id,
        kind=row.kind,
        to=row.to,
        data={str(name): str(value) for name, value in row.data.items()},
        created_at=from_millis(int(row.created_at)),
        due_at=from_millis(int(row.due)),
        attempts=int(row.attempts),
    )
