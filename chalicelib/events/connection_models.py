"""Open event WebSockets on DynamoDB.

Two rows each: a lookup by connection id, which is all that API Gateway tells us, and a member of its tenant,
read consistently, so that no event falls between "admitted" and "listed". Ticket ids are remembered among the
lookups: both are keys that precede any tenant.
"""

from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.models import Model

from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Delete, Put, TableMeta, table, write
from chalicelib.core.errors import DomainError, Unauthenticated
from chalicelib.core.unit_of_work import Write
from chalicelib.events.rules import Viewer
from chalicelib.events.store import Connection

_WAITING = "waiting"
"""The group of connections that have not said whose they are; no tenant's id looks like it."""


class LookupRow(Model):
    class Meta(TableMeta):
        table_name = table("connections")

    connection_id = UnicodeAttribute(hash_key=True)
    group = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


class MemberRow(Model):
    class Meta(TableMeta):
        table_name = table("tenant-connections")

    group = UnicodeAttribute(hash_key=True)
    connection_id = UnicodeAttribute(range_key=True)
    endpoint = UnicodeAttribute()
    opened_at = NumberAttribute()
    user_id = UnicodeAttribute(null=True)
    permissions = UnicodeSetAttribute(null=True)
    sign_in_id = UnicodeAttribute(null=True)
    key_id = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


class DynamoConnectionStore:
    """`ConnectionStore` on PynamoDB."""

    def get(self, connection_id: str) -> Connection | None:
        try:
            group = LookupRow.get(connection_id, consistent_read=True).group
            return _connection(MemberRow.get(group, connection_id, consistent_read=True)) if group else None
        except DoesNotExist:
            return None

    def add(self, connection: Connection, expires_at: datetime) -> list[Write]:
        lookup = LookupRow(connection.id, group=_WAITING, ttl=int(expires_at.timestamp()))
        return [write(Put(lookup)), write(Put(_member(connection, expires_at)))]

    def admit(
        self, connection: Connection, viewer: Viewer, ticket_id: str, expires_at: datetime
    ) -> list[Write]:
        ttl = int(expires_at.timestamp())
        lookup = LookupRow(connection.id, group=viewer.tenant_id, ttl=ttl)
        admitted = Connection(connection.id, connection.endpoint, connection.opened_at, viewer)
        return [
            write(Put(lookup, LookupRow.group == _WAITING)),
            write(Delete(MemberRow(_WAITING, connection.id))),
            write(Put(_member(admitted, expires_at))),
            write(
                Put(LookupRow(f"ticket#{ticket_id}", ttl=ttl), LookupRow.connection_id.does_not_exist()),
                _used,
            ),
        ]

    def of_tenant(self, tenant_id: str) -> list[Connection]:
        return [_connection(row) for row in MemberRow.query(tenant_id, consistent_read=True)]

    def waiting(self) -> list[Connection]:
        return [_connection(row) for row in MemberRow.query(_WAITING)]

    def remove(self, connection: Connection) -> list[Write]:
        group = connection.viewer.tenant_id if connection.viewer else _WAITING
        return [
            write(Delete(LookupRow(connection.id))),
            write(Delete(MemberRow(group, connection.id))),
        ]


def _used() -> DomainError:
    return Unauthenticated("This ticket was used before.", code="ticket_used")


def _member(connection: Connection, expires_at: datetime) -> MemberRow:
    viewer = connection.viewer
    return MemberRow(
        viewer.tenant_id if viewer else _WAITING,
        connection.id,
        endpoint=connection.endpoint,
        opened_at=epoch_millis(connection.opened_at),
        user_id=viewer.user_id if viewer else None,
        permissions=set(viewer.permissions) if viewer and viewer.permissions else None,
        sign_in_id=viewer.sign_in_id or None if viewer else None,
        key_id=viewer.key_id or None if viewer else None,
        ttl=int(expires_at.timestamp()),
    )


def _connection(row: MemberRow) -> Connection:
    viewer = None
    if row.user_id is not None:
        viewer = Viewer(
            row.group, row.user_id, frozenset(row.permissions or ()), row.sign_in_id or "", row.key_id or ""
        )
    return Connection(row.connection_id, row.endpoint, from_millis(int(row.opened_at)), viewer)
