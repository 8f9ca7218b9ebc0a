"""Timelines on DynamoDB."""

from collections.abc import Sequence
from datetime import timedelta

from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Put, write
from chalicelib.core.unit_of_work import Write
from chalicelib.sessions import mapping
from chalicelib.sessions.entities import Entry, Session
from chalicelib.sessions.row_models import TimelineRow
from chalicelib.sessions.rules import State
from chalicelib.sessions.store import Position

KEPT = timedelta(days=400)
"""How long a step is kept; as long as its session may live."""
_STEPS = 10
"""Room for the steps of one revision."""


class DynamoTimeline:
    """The part of `SessionStore` that tells what happened."""

    def append(self, session: Session, entries: Sequence[Entry]) -> list[Write]:
        return [
            write(
                Put(
                    TimelineRow(
                        mapping.history(session.tenant_id, session.id),
                        session.revision * _STEPS + number,
                        at=epoch_millis(entry.at),
                        before=entry.before.value if entry.before else None,
                        after=entry.after.value,
                        actor=entry.actor,
                        cause=entry.cause,
                        reason=mapping.reason_out(entry.reason),
                        generation=entry.generation,
                        ttl=entry.at + KEPT,
                    )
                )
            )
            for number, entry in enumerate(entries)
        ]

    def timeline(
        self, tenant_id: str, session_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[Entry], Position | None]:
        rows = TimelineRow.query(
            mapping.history(tenant_id, session_id), limit=limit, last_evaluated_key=after
        )
        return [_entry(row) for row in rows], rows.last_evaluated_key


def _entry(row: TimelineRow) -> Entry:
    return Entry(
        at=from_millis(int(row.at)),
        before=State(row.before) if row.before else None,
        after=State(row.after),
        actor=row.actor,
        cause=row.cause,
        reason=mapping.reason_in(row.reason),
        generation=int(row.generation),
    )
