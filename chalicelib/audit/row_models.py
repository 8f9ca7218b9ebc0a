"""The audit log's table: unsealed entries, chains and their ends. Everything that an index has in its key is
written as an entry is sealed, so that a change pays for its entry's own row and nothing else."""

from typing import Any

from pynamodb.attributes import NumberAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.constants import STREAM_KEYS_ONLY
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.core.dynamo import TableMeta, table

SEALED = "#sealed"
HEAD = "#head"
_SHOWN = ["body", "hash"]


class ByTime(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """All sealed entries in the order of time: unsealed rows have no `entry_id`, so they are in no index."""

    class Meta:
        index_name = "by-time"
        projection = IncludeProjection(_SHOWN)

    partition = UnicodeAttribute(hash_key=True)
    entry_id = UnicodeAttribute(range_key=True)


class ByActor(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by-actor"
        projection = IncludeProjection(_SHOWN)

    actor = UnicodeAttribute(hash_key=True)
    entry_id = UnicodeAttribute(range_key=True)


class ByAction(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by-action"
        projection = IncludeProjection(_SHOWN)

    action = UnicodeAttribute(hash_key=True)
    entry_id = UnicodeAttribute(range_key=True)


class ByTarget(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by-target"
        projection = IncludeProjection(_SHOWN)

    target = UnicodeAttribute(hash_key=True)
    entry_id = UnicodeAttribute(range_key=True)


class ByRefusal(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """What was refused; the rest is not in it."""

    class Meta:
        index_name = "by-refusal"
        projection = IncludeProjection(_SHOWN)

    refused = UnicodeAttribute(hash_key=True)
    entry_id = UnicodeAttribute(range_key=True)


class ByDue(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """Chains that the sweeper should look at, in shards."""

    class Meta:
        index_name = "by-due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due = NumberAttribute(range_key=True)


class AuditRow(Model):
    """Partition `<tenant>#unsealed`: entries by id. `<tenant>#sealed`: entries by number, of 16 digits.
    `<tenant>#head`: one row, the end of the chain. Hash keys of indexes begin with the tenant's id, too.
    What no tenant can be told for (`nobody#unsealed`) is not chained and expires; nothing else does."""

    class Meta(TableMeta):
        table_name = table("audit")
        stream_view_type = STREAM_KEYS_ONLY

    partition = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    by_time = ByTime()
    by_actor = ByActor()
    by_action = ByAction()
    by_target = ByTarget()
    by_refusal = ByRefusal()
    by_due = ByDue()

    body = UnicodeAttribute(null=True)
    entry_id = UnicodeAttribute(null=True)
    hash = UnicodeAttribute(null=True)
    actor = UnicodeAttribute(null=True)
    action = UnicodeAttribute(null=True)
    target = UnicodeAttribute(null=True)
    refused = UnicodeAttribute(null=True)

    ttl = TTLAttribute(null=True)

    sequence = NumberAttribute(null=True)
    sealed_at = NumberAttribute(null=True)
    due = NumberAttribute(null=True)
    shard = UnicodeAttribute(null=True)
