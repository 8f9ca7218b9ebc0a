"""Events on DynamoDB.

A tenant's counter, the event and the mark of its source change in one transaction: numbers have no gaps, no
reader sees a number before the ones below it, and a record that is delivered twice finds its mark.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.models import Model

from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Put, TableMeta, Update, table, write
from chalicelib.core.dynamo_rows import remove_partition
from chalicelib.core.unit_of_work import Write
from chalicelib.events.rules import Draft, Event

_MARK_KEPT = timedelta(hours=26)
"""A table stream keeps its records for 24 hours, so none is delivered later than that."""


class EventRow(Model):
    class Meta(TableMeta):
        table_name = table("events")

    tenant_id = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(range_key=True)
    kind = UnicodeAttribute()
    at = NumberAttribute()
    data = UnicodeAttribute()
    owner = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


class CounterRow(Model):
    class Meta(TableMeta):
        table_name = table("event-counters")

    tenant_id = UnicodeAttribute(hash_key=True)
    last = NumberAttribute()


class MarkRow(Model):
    """The record that an event was made of."""

    class Meta(TableMeta):
        table_name = table("event-sources")

    tenant_id = UnicodeAttribute(hash_key=True)
    source = UnicodeAttribute(range_key=True)
    number = NumberAttribute()
    ttl = NumberAttribute()


class DynamoEventStore:
    """`EventStore` on PynamoDB."""

    def last(self, tenant_id: str) -> int:
        try:
            return int(CounterRow.get(tenant_id, consistent_read=True).last)
        except DoesNotExist:
            return 0

    def numbers(self, tenant_id: str, sources: Sequence[str]) -> dict[str, int]:
        keys = [(tenant_id, source) for source in sources]
        return {row.source: int(row.number) for row in MarkRow.batch_get(keys, consistent_read=True)}

    def append(self, events: Sequence[tuple[Draft, Event]], last: int, expires_at: datetime) -> list[Write]:
        tenant_id = events[0][1].tenant_id
        unmoved = CounterRow.last == last if last else CounterRow.last.does_not_exist()
        newest = events[-1][1].number
        writes = [write(Update(CounterRow(tenant_id), (CounterRow.last.set(newest),), unmoved))]
        for draft, event in events:
            row = EventRow(
                tenant_id,
                event.number,
                kind=event.kind,
                at=epoch_millis(event.at),
                data=event.data,
                owner=event.owner,
                ttl=int(expires_at.timestamp()),
            )
            mark = MarkRow(
                tenant_id,
                draft.source,
                number=event.number,
                ttl=int((event.at + _MARK_KEPT).timestamp()),
            )
            writes.append(write(Put(row, EventRow.number.does_not_exist())))
            writes.append(write(Put(mark, MarkRow.source.does_not_exist())))
        return writes

    def after(self, tenant_id: str, number: int, limit: int) -> list[Event]:
        found = EventRow.query(tenant_id, EventRow.number > number, limit=limit, consistent_read=True)
        return [_event(row) for row in found]

    def several(self, tenant_id: str, numbers: Sequence[int]) -> list[Event]:
        rows = EventRow.batch_get([(tenant_id, number) for number in numbers], consistent_read=True)
        return sorted((_event(row) for row in rows), key=lambda event: event.number)

    def all_of(self, tenant_id: str) -> Iterator[Event]:
        return map(_event, EventRow.query(tenant_id, consistent_read=True))

    def erase(self, tenant_id: str) -> bool:
        return all(remove_partition(model, tenant_id) for model in (EventRow, MarkRow, CounterRow))


def _event(row: EventRow) -> Event:
    return Event(
        tenant_id=row.tenant_id,
        number=int(row.number),
        kind=row.kind,
        at=from_millis(int(row.at)),
        data=row.data,
        owner=row.owner,
    )
