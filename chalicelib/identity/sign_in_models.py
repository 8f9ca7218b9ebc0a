"""Sign-ins on DynamoDB, under their tenant; a row that is gone is a sign-in that has ended."""

from typing import Any, cast

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.models import Model

from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Delete, Put, TableMeta, table, write
from chalicelib.core.dynamo_reads import row_read
from chalicelib.core.reads import Read
from chalicelib.core.unit_of_work import Write
from chalicelib.identity.sign_in_rules import SignIn
from chalicelib.identity.store import Position


class SignInRow(Model):
    """`key` is `<user id>#<sign-in id>`."""

    class Meta(TableMeta):
        table_name = table("sign-ins")

    tenant_id = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    current = UnicodeAttribute()
    previous = UnicodeAttribute(null=True)
    created_at = NumberAttribute()
    used_at = NumberAttribute()
    expires_at = NumberAttribute()
    source_ip = UnicodeAttribute(null=True)
    user_agent = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


class DynamoSignInStore:
    """`SignInStore` on PynamoDB."""

    def get(self, tenant_id: str, user_id: str, sign_in_id: str) -> SignIn | None:
        try:
            return _sign_in(SignInRow.get(tenant_id, f"{user_id}#{sign_in_id}", consistent_read=True))
        except DoesNotExist:
            return None

    def reading(self, tenant_id: str, user_id: str, sign_in_id: str) -> Read[SignIn]:
        return row_read(SignInRow, tenant_id, f"{user_id}#{sign_in_id}", _sign_in)

    def page(
        self, tenant_id: str, user_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[SignIn], Position | None]:
        rows = SignInRow.query(
            tenant_id,
            SignInRow.key.startswith(f"{user_id}#"),
            scan_index_forward=False,
            consistent_read=True,
            limit=limit,
            last_evaluated_key=after,
        )
        found = [_sign_in(row) for row in rows]
        return found, cast("dict[str, Any] | None", rows.last_evaluated_key)

    def of_tenant(self, tenant_id: str, limit: int) -> list[SignIn]:
        return [_sign_in(row) for row in SignInRow.query(tenant_id, consistent_read=True, limit=limit)]

    def add(self, sign_in: SignIn) -> Write:
        return write(Put(_row(sign_in), SignInRow.key.does_not_exist()))

    def rotate(self, before: SignIn, after: SignIn) -> Write:
        return write(Put(_row(after), SignInRow.current == before.current))

    def remove(self, sign_in: SignIn) -> Write:
        return write(Delete(SignInRow(sign_in.tenant_id, f"{sign_in.user_id}#{sign_in.id}")))


def _row(sign_in: SignIn) -> SignInRow:
    return SignInRow(
        sign_in.tenant_id,
        f"{sign_in.user_id}#{sign_in.id}",
        current=sign_in.current,
        previous=sign_in.previous,
        created_at=epoch_millis(sign_in.created_at),
        used_at=epoch_millis(sign_in.used_at),
        expires_at=epoch_millis(sign_in.expires_at),
        source_ip=sign_in.source_ip or None,
        user_agent=sign_in.user_agent or None,
        ttl=int(sign_in.expires_at.timestamp()),
    )


def _sign_in(row: SignInRow) -> SignIn:
    user_id, _, sign_in_id = row.key.partition("#")
    return SignIn(
        tenant_id=row.tenant_id,
        user_id=user_id,
        id=sign_in_id,
        current=row.current,
        previous=row.previous,
        created_at=from_millis(int(row.created_at)),
        used_at=from_millis(int(row.used_at)),
        expires_at=from_millis(int(row.expires_at)),
        source_ip=row.source_ip or "",
        user_agent=row.user_agent or "",
    )
