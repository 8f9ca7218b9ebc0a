"""The audit log on DynamoDB."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition

from chalicelib.audit import unsealed
from chalicelib.audit.row_models import HEAD, SEALED, AuditRow
from chalicelib.audit.rules import Entry, Head, Outcome, Sealed, unchained
from chalicelib.audit.store import SHARDS, UNSEALED, Found, State, Wanted
from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Delete, Put, write
from chalicelib.core.dynamo_rows import remove_partition
from chalicelib.core.trail import NOBODY, Trail
from chalicelib.core.unit_of_work import Write

_NOBODYS_KEPT = timedelta(days=90)
"""Anybody can make such entries: signing in to accounts that are not."""
_NEAR = 25
"""Entries of the same moment may be chained in another order than they came; so many are looked at."""
_ROUNDS = 4
"""Queries of one search at most: what a filter leaves of them may be a short page with a cursor."""
_EXAMINED = 100
"""Rows that a query of a filtered search examines."""
_COUNTED = 1000
_FIRST, _LAST = "aud-", "aud-~"


def entry_of(trail: Trail) -> Write:
    """The write of an audited request's entry, for the unit of work of the change itself."""
    return DynamoAuditStore().add(unsealed.of_trail(trail))


class DynamoAuditStore:
    """`AuditStore` on PynamoDB."""

    def add(self, entry: Entry) -> Write:
        row = AuditRow(entry.tenant_id + UNSEALED, entry.id, body=unsealed.dump(entry))
        if entry.tenant_id == NOBODY:
            row.ttl = entry.at + _NOBODYS_KEPT
        return write(Put(row))

    def unsealed(self, tenant_id: str, limit: int) -> list[Entry]:
        rows = AuditRow.query(tenant_id + UNSEALED, limit=limit, consistent_read=True)
        return [unsealed.load(tenant_id, row.key, row.body) for row in rows]

    def count_unsealed(self, tenant_id: str) -> int:
        return int(AuditRow.count(tenant_id + UNSEALED, consistent_read=True, limit=_COUNTED))

    def state(self, tenant_id: str) -> State:
        try:
            row = AuditRow.get(tenant_id + HEAD, HEAD, consistent_read=True)
        except DoesNotExist:
            return State()
        return State(
            Head(int(row.sequence), row.hash),
            None if row.sealed_at is None else from_millis(int(row.sealed_at)),
            None if row.due is None else from_millis(int(row.due)),
            known=True,
        )

    def seal(self, before: State, after: State, sealed: Sequence[Sealed]) -> list[Write]:
        tenant_id = sealed[0].entry.tenant_id
        writes = [self._put(tenant_id, before, after)]
        for each in sealed:
            row = AuditRow(tenant_id + UNSEALED, each.entry.id)
            writes.append(write(Delete(row, AuditRow.key.exists())))
            writes.append(write(Put(_sealed_row(each), AuditRow.key.does_not_exist())))
        return writes

    def remind(self, tenant_id: str, state: State, due_at: datetime | None) -> Write:
        return self._put(tenant_id, state, State(state.head, state.sealed_at, due_at))

    @staticmethod
    def _put(tenant_id: str, before: State, after: State) -> Write:
        row = AuditRow(
            tenant_id + HEAD,
            HEAD,
            sequence=after.head.sequence,
            hash=after.head.hash,
            sealed_at=None if after.sealed_at is None else epoch_millis(after.sealed_at),
            due=None if after.due_at is None else epoch_millis(after.due_at),
            shard=None if after.due_at is None else _shard(crc32(tenant_id.encode()) % SHARDS),
        )
        return write(Put(row, _unchanged(before)))

    def due(self, shard: int, before: datetime, limit: int) -> list[str]:
        rows = AuditRow.by_due.query(_shard(shard), AuditRow.due <= epoch_millis(before), limit=limit)
        return [row.partition.removesuffix(HEAD) for row in rows]

    def search_unsealed(self, tenant_id: str, wanted: Wanted, limit: int) -> Found:
        def page(before: str, size: int) -> tuple[list[tuple[Entry, Sealed | None]], bool]:
            rows = AuditRow.query(
                tenant_id + UNSEALED,
                AuditRow.key.between(wanted.since or _FIRST, before),
                scan_index_forward=False,
                limit=size,
                consistent_read=True,
            )
            found = [(unsealed.load(tenant_id, row.key, row.body), None) for row in rows]
            return list(found), rows.last_evaluated_key is None

        return _collect(page, wanted, limit, _EXAMINED)

    def search(self, tenant_id: str, wanted: Wanted, limit: int) -> Found:
        index, hash_key, exact = _index(tenant_id, wanted)

        def page(before: str, size: int) -> tuple[list[tuple[Entry, Sealed | None]], bool]:
            rows = index.query(
                hash_key,
                AuditRow.entry_id.between(wanted.since or _FIRST, before),
                scan_index_forward=False,
                limit=size,
            )
            sealed = [unchained(row.body, row.hash) for row in rows]
            return [(each.entry, each) for each in sealed], rows.last_evaluated_key is None

        return _collect(page, wanted, limit, limit + 1 if exact else _EXAMINED)

    def sealed(self, tenant_id: str, first: int, last: int) -> Iterator[Sealed]:
        rows = AuditRow.query(
            tenant_id + SEALED, AuditRow.key.between(_number(first), _number(last)), consistent_read=True
        )
        for row in rows:
            yield unchained(row.body, row.hash)

    def numbers_near(self, tenant_id: str, identifier: str, *, after: bool) -> list[int]:
        rows = AuditRow.by_time.query(
            tenant_id + SEALED,
            AuditRow.entry_id >= identifier if after else AuditRow.entry_id < identifier,
            scan_index_forward=after,
            limit=_NEAR,
        )
        return [int(row.key) for row in rows]

    def erase(self, tenant_id: str) -> bool:
        partitions = (tenant_id + UNSEALED, tenant_id + SEALED, tenant_id + HEAD)
        return all(remove_partition(AuditRow, each) for each in partitions)


def _collect(page: Any, wanted: Wanted, limit: int, size: int) -> Found:
    """Go down in time, page by page, until there is enough, the end is reached or it has taken long."""
    entries: list[tuple[Entry, Sealed | None]] = []
    before = wanted.before or _LAST
    for _ in range(_ROUNDS):
        found, ended = page(before, size)
        # A page begins with what the one before came down to.
        entries += [each for each in found if each[0].id != before and wanted.fits(each[0])]
        if ended:
            return Found(entries, None)
        before = found[-1][0].id
        if len(entries) >= limit:
            break
    return Found(entries, before)


def _index(tenant_id: str, wanted: Wanted) -> tuple[Any, str, bool]:
    """The index that leaves least to look through, its key, and whether it leaves nothing to filter."""
    ways = [
        (AuditRow.by_target, wanted.target),
        (AuditRow.by_actor, wanted.actor),
        (AuditRow.by_refusal, "refused" if wanted.outcome is Outcome.REFUSED else None),
        (AuditRow.by_action, wanted.action),
    ]
    asked = [(index, f"{tenant_id}#{value}") for index, value in ways if value is not None]
    if not asked:
        return AuditRow.by_time, tenant_id + SEALED, wanted.outcome is None
    (index, key), *others = asked
    return index, key, not others and wanted.outcome in (None, Outcome.REFUSED)


def _sealed_row(sealed: Sealed) -> AuditRow:
    entry = sealed.entry
    tenant_id = entry.tenant_id
    target = entry.target.id if entry.target else ""
    return AuditRow(
        tenant_id + SEALED,
        _number(sealed.seal.sequence),
        entry_id=entry.id,
        body=sealed.text,
        hash=sealed.seal.hash,
        actor=f"{tenant_id}#{entry.actor}" if entry.actor else None,
        action=f"{tenant_id}#{entry.action}",
        target=f"{tenant_id}#{target}" if target else None,
        refused=f"{tenant_id}#refused" if entry.outcome is Outcome.REFUSED else None,
    )


def _unchanged(state: State) -> Condition:
    if not state.known:
        return AuditRow.key.does_not_exist()
    due: Condition = (
        AuditRow.due.does_not_exist() if state.due_at is None else AuditRow.due == epoch_millis(state.due_at)
    )
    unmoved: Condition = (AuditRow.sequence == state.head.sequence) & due
    return unmoved


def _number(sequence: int) -> str:
    return f"{sequence:016d}"


def _shard(number: int) -> str:
    return f"shard-{number}"
