"""Jobs on DynamoDB."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from pynamodb.attributes import JSONAttribute, NumberAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.constants import STREAM_NEW_IMAGE
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Delete, Put, TableMeta, Update, table, write
from chalicelib.core.dynamo_rows import remove_rows
from chalicelib.core.unit_of_work import Write
from chalicelib.offboarding.rules import EXPORT_KEPT, Job, JobState
from chalicelib.offboarding.store import Position

_OPEN = "open"
"""All running jobs are in one shard: they are few."""
_EXPORTS = "exp-"
_AT_ONCE = 100


class ByDue(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """What a sweeper has to look at. Jobs that are over are not in it."""

    class Meta:
        index_name = "by-due"
        projection = KeysOnlyProjection()
        read_capacity_units = 0
        write_capacity_units = 0

    shard = UnicodeAttribute(hash_key=True)
    due = NumberAttribute(range_key=True)


class JobRow(Model):
    class Meta(TableMeta):
        table_name = table("offboarding-jobs")
        stream_view_type = STREAM_NEW_IMAGE

    tenant_id = UnicodeAttribute(hash_key=True)
    job_id = UnicodeAttribute(range_key=True)
    by_due = ByDue()

    shard = UnicodeAttribute(null=True)
    due = NumberAttribute()
    state = UnicodeAttribute()
    requested_by = UnicodeAttribute()
    created_at = NumberAttribute()
    place = JSONAttribute()
    done = NumberAttribute(default=0)
    attempts = NumberAttribute(default=0)
    reason = UnicodeAttribute(null=True)
    bytes = NumberAttribute(null=True)
    finished_at = NumberAttribute(null=True)
    revision = NumberAttribute(default=0)
    ttl = TTLAttribute(null=True)


class DynamoJobStore:
    """`JobStore` on PynamoDB."""

    def get(self, tenant_id: str, job_id: str) -> Job | None:
        try:
            return _job(JobRow.get(tenant_id, job_id, consistent_read=True))
        except DoesNotExist:
            return None

    def exports(
        self, tenant_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[Job], Position | None]:
        rows = JobRow.query(
            tenant_id,
            JobRow.job_id.startswith(_EXPORTS),
            scan_index_forward=False,
            limit=limit,
            last_evaluated_key=after,
        )
        found = [_job(row) for row in rows]
        return found, cast("Position | None", rows.last_evaluated_key)

    def due(self, before: datetime, limit: int) -> list[tuple[str, str]]:
        rows = JobRow.by_due.query(_OPEN, ByDue.due <= epoch_millis(before), limit=limit)
        return [(row.tenant_id, row.job_id) for row in rows]

    def key_of(self, image: Mapping[str, Any]) -> tuple[str, str]:
        return str(image["tenant_id"]["S"]), str(image["job_id"]["S"])

    def add(self, job: Job) -> Write:
        row = JobRow(job.tenant_id, job.id, **_attributes(job))
        return write(Put(row, JobRow.job_id.does_not_exist()))

    def change(self, before: Job, after: Job) -> Write:
        actions: list[Action] = []
        for name, value in _attributes(after).items():
            column = getattr(JobRow, name)
            actions.append(column.remove() if value is None else column.set(value))
        held = JobRow.revision == before.revision
        return write(Update(JobRow(before.tenant_id, before.id), tuple(actions), held))

    def remove(self, job: Job) -> Write:
        return write(Delete(JobRow(job.tenant_id, job.id), JobRow.revision == job.revision))

    def erase_exports(self, tenant_id: str) -> bool:
        rows = list(
            JobRow.query(tenant_id, JobRow.job_id.startswith(_EXPORTS), limit=_AT_ONCE, consistent_read=True)
        )
        remove_rows(JobRow, rows)
        return len(rows) < _AT_ONCE


def _attributes(job: Job) -> dict[str, Any]:
    return {
        "shard": _OPEN if job.running else None,
        "due": epoch_millis(job.due_at),
        "state": job.state.value,
        "requested_by": job.requested_by,
        "created_at": epoch_millis(job.created_at),
        "place": job.place,
        "done": job.done,
        "attempts": job.attempts,
        "reason": job.reason,
        "bytes": job.bytes,
        "finished_at": epoch_millis(job.finished_at) if job.finished_at else None,
        "revision": job.revision,
        "ttl": job.finished_at + EXPORT_KEPT if job.finished_at else None,
    }


def _job(row: JobRow) -> Job:
    return Job(
        tenant_id=row.tenant_id,
        id=row.job_id,
        requested_by=row.requested_by,
        created_at=from_millis(int(row.created_at)),
        due_at=from_millis(int(row.due)),
        state=JobState(row.state),
        place=cast("dict[str, Any]", row.place),
        done=int(row.done),
        attempts=int(row.attempts),
        reason=row.reason,
        bytes=None if row.bytes is None else int(row.bytes),
        finished_at=from_millis(int(row.finished_at)) if row.finished_at else None,
        revision=int(row.revision),
    )
