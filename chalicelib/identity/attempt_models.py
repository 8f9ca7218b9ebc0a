"""Counters of attempts on DynamoDB. They belong to no tenant and vanish by themselves."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Delete, Put, TableMeta, Update, table, write
from chalicelib.core.unit_of_work import Write
from chalicelib.identity.attempt_rules import Counter


class AttemptRow(Model):
    class Meta(TableMeta):
        table_name = table("sign-in-attempts")

    key = UnicodeAttribute(hash_key=True)
    attempts = NumberAttribute()
    locked_until = NumberAttribute(null=True)
    ttl = NumberAttribute()


class DynamoAttemptStore:
    """`AttemptStore` on PynamoDB."""

    def get(self, keys: list[str]) -> dict[str, Counter]:
        return {row.key: _counter(row) for row in AttemptRow.batch_get(keys, consistent_read=True)}

    def replace(self, key: str, before: Counter | None, after: Counter) -> Write:
        row = AttemptRow(
            key,
            attempts=after.attempts,
            locked_until=epoch_millis(after.locked_until) if after.locked_until else None,
            ttl=int(after.forgotten_at.timestamp()),
        )
        if before is None:
            return write(Put(row, AttemptRow.key.does_not_exist()))
        return write(Put(row, AttemptRow.attempts == before.attempts))

    def forgive(self, key: str) -> Write:
        return write(Update(AttemptRow(key), (AttemptRow.attempts.add(-1),), AttemptRow.attempts > 0))

    def forget(self, key: str) -> Write:
        return write(Delete(AttemptRow(key)))


def _counter(row: AttemptRow) -> Counter:
    return Counter(
        attempts=int(row.attempts),
        locked_until=from_millis(int(row.locked_until)) if row.locked_until else None,
        forgotten_at=from_millis(int(row.ttl) * 1000),
    )
