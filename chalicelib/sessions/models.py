"""Sessions on DynamoDB: rows, details and everything that lists them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Delete, Put, Update, write
from chalicelib.core.unit_of_work import Write
from chalicelib.protocol.agents import SessionActivity
from chalicelib.protocol.commands import StatusReport
from chalicelib.protocol.instances import InstanceSpec
from chalicelib.sessions import mapping
from chalicelib.sessions.entities import (
    Assessment,
    Details,
    Overview,
    Requirements,
    Session,
    Verdict,
)
from chalicelib.sessions.mapping import ENDED
from chalicelib.sessions.removal import DynamoRemoval
from chalicelib.sessions.row_models import DetailsRow, SessionRow
from chalicelib.sessions.rules import State
from chalicelib.sessions.store import Due, Position
from chalicelib.sessions.timeline import KEPT, DynamoTimeline

_ENDED_KEPT = timedelta(days=90)
_DETAILS_KEPT = KEPT + timedelta(days=10)
"""Longer than any step of the timeline: they are how a tenant's deletion finds them all."""
_ROUNDS = 6
"""Queries for one page at most; a filter that drops much yields a short page and a cursor."""
_FENCE_SHIFT = 2**40
"""A report's rank is its fence, then its sequence, in one number."""


class DynamoSessionStore(DynamoTimeline, DynamoRemoval):
    """`SessionStore` on PynamoDB."""

    def get(self, tenant_id: str, session_id: str) -> Session | None:
        for partition in (tenant_id, tenant_id + ENDED):
            try:
                return mapping.session(SessionRow.get(partition, session_id, consistent_read=True))
            except DoesNotExist:
                continue
        return None

    def several(
        self,
        tenant_id: str,
        session_ids: Sequence[str],
        *,
        consistent: bool = True,
        archived: bool = False,
    ) -> dict[str, Session]:
        partition = tenant_id + (ENDED if archived else "")
        keys = [(partition, each) for each in dict.fromkeys(session_ids)]
        rows = SessionRow.batch_get(keys, consistent_read=consistent)
        return {row.session_id: mapping.session(row) for row in rows}

    def page(
        self,
        tenant_id: str,
        *,
        user_id: str | None,
        state: State | None,
        limit: int,
        after: Position | None,
    ) -> tuple[list[Overview], Position | None]:
        hash_key = tenant_id if user_id is None else mapping.owner(tenant_id, user_id)
        shelves = ["", ENDED] if state is State.TERMINATED else [""]
        shelf = int(after["shelf"]) if after else 0
        key = after.get("key") if after else None
        found: list[Overview] = []
        for _ in range(_ROUNDS):
            rows, key = self._query(hash_key + shelves[shelf], user_id, state, limit - len(found), key)
            found.extend(rows)
            if key is None:
                shelf += 1
            if shelf == len(shelves):
                return found, None
            if len(found) >= limit:
                break
        return found, {"shelf": shelf, "key": key}

    def from_image(self, image: Mapping[str, Any]) -> Overview:
        return mapping.overview_of_image(image)

    @staticmethod
    def _query(
        hash_key: str, user_id: str | None, state: State | None, limit: int, key: Position | None
    ) -> tuple[list[Overview], Position | None]:
        wanted: Condition = (
            SessionRow.state != State.TERMINATED.value if state is None else SessionRow.state == state.value
        )
        # One round trip: a page of `limit` examined rows, whatever the filter leaves of them.
        query: Any = SessionRow.query if user_id is None else SessionRow.by_owner.query
        pages = query(
            hash_key,
            filter_condition=wanted,
            scan_index_forward=False,
            page_size=limit,
            last_evaluated_key=key,
        )
        result = pages.page_iter.next()
        found = [mapping.overview_of_image(item) for item in result["Items"]]
        return found, result.get("LastEvaluatedKey")

    def all_of(self, tenant_id: str) -> Iterator[Session]:
        for row in SessionRow.query(tenant_id, consistent_read=True):
            yield mapping.session(row)

    def placed_on(
        self,
        tenant_id: str,
        controller_id: str,
        *,
        after: str | None = None,
        until: str | None = None,
    ) -> list[str]:
        ids = SessionRow.session_id
        within: Condition | None = None
        if after is not None and until is not None and until < after:
            return []  # which DynamoDB calls no range
        if after is not None and until is not None:
            within = ids.between(after, until)
        elif after is not None:
            within = ids > after
        elif until is not None:
            within = ids <= until
        rows = SessionRow.by_place.query(mapping.place(tenant_id, controller_id), within)
        return [row.session_id for row in rows if row.session_id != after]  # `between` has both its ends

    def unplaced(self, tenant_id: str, limit: int) -> list[str]:
        rows = SessionRow.by_place.query(mapping.place(tenant_id, None), limit=limit)
        return [row.session_id for row in rows]

    def due(self, shard: int, before: datetime, limit: int) -> list[Due]:
        rows = SessionRow.by_due.query(
            mapping.shard(shard), SessionRow.due <= epoch_millis(before), limit=limit
        )
        return [Due(row.tenant_id, row.session_id, from_millis(int(row.due))) for row in rows]

    def add(self, session: Session) -> Write:
        row = SessionRow(session.tenant_id, session.id, **mapping.attributes(session))
        return write(Put(row, SessionRow.session_id.does_not_exist()))

    def change(self, before: Session, after: Session) -> Write:
        old, new = mapping.attributes(before), mapping.attributes(after)
        actions: list[Action] = []
        for name, value in new.items():
            if value != old[name]:
                column = getattr(SessionRow, name)
                actions.append(column.remove() if value is None else column.set(value))
        row = SessionRow(before.tenant_id, before.id)
        return write(Update(row, tuple(actions), SessionRow.revision == before.revision))

    def progress(self, session: Session, report: StatusReport) -> Write:
        holder = session.lane.holder
        number = holder.number if holder else 0
        rank = report.fence * _FENCE_SHIFT + report.sequence
        progress = report.progress
        actions: list[Action] = [SessionRow.reported.set(rank)]
        if report.stage is not None:
            actions.append(SessionRow.stage.set(report.stage.value))
        for column, value in (
            (SessionRow.progress_done, None if progress is None else progress.done),
            (SessionRow.progress_total, None if progress is None else progress.total),
        ):
            actions.append(column.remove() if value is None else column.set(value))
        newer = SessionRow.reported.does_not_exist() | (SessionRow.reported < rank)
        held = (
            (SessionRow.fence == report.fence)
            & (SessionRow.holder_number == number)
            & (SessionRow.open_number == number)
        )
        return write(Update(SessionRow(session.tenant_id, session.id), tuple(actions), held & newer))

    def activity(self, session: Session, controller_id: str, seen: SessionActivity) -> Write:
        actions: list[Action] = [
            SessionRow.viewers.set(seen.viewers) if seen.viewers else SessionRow.viewers.remove()
        ]
        if seen.last_input_at is not None:
            actions.append(SessionRow.last_activity_at.set(epoch_millis(seen.last_input_at)))
        here = (SessionRow.place == mapping.place(session.tenant_id, controller_id)) & (
            SessionRow.state == State.RUNNING.value
        )
        return write(Update(SessionRow(session.tenant_id, session.id), tuple(actions), here))

    def postpone(self, due: Due, until: datetime | None) -> Write:
        actions: tuple[Action, ...] = (
            (SessionRow.due.remove(), SessionRow.shard.remove())
            if until is None
            else (SessionRow.due.set(epoch_millis(until)),)
        )
        unmoved = SessionRow.due == epoch_millis(due.due_at)
        return write(Update(SessionRow(due.tenant_id, due.session_id), actions, unmoved))

    def archive(self, session: Session) -> list[Write]:
        shown: dict[str, Any] = {
            **mapping.attributes(session),
            "owner": mapping.owner(session.tenant_id, session.user_id) + ENDED,
            "place": mapping.place(session.tenant_id, session.controller_id) + ENDED,
            "shard": None,
            "due": None,
            "ttl": session.updated_at + _ENDED_KEPT,
        }
        live = SessionRow(session.tenant_id, session.id)
        details = DetailsRow(session.tenant_id, session.id)
        return [
            write(Delete(live, SessionRow.revision == session.revision)),
            write(Put(SessionRow(session.tenant_id + ENDED, session.id, **shown))),
            write(
                Update(
                    details,
                    (DetailsRow.ttl.set(session.updated_at + _DETAILS_KEPT),),
                    DetailsRow.session_id.exists(),
                )
            ),
        ]

    def details(self, tenant_id: str, session_id: str) -> Details | None:
        try:
            row = DetailsRow.get(tenant_id, session_id, consistent_read=True)
        except DoesNotExist:
            return None
        wanted: dict[str, Any] = row.requirements or {}
        return Details(
            tenant_id,
            session_id,
            InstanceSpec.model_validate_json(row.spec),
            Requirements(tuple(wanted.get("p", ())), dict(wanted.get("l", {})), wanted.get("c")),
            _assessment(row.assessment),
        )

    def add_details(self, details: Details) -> Write:
        asked = details.requirements
        wanted: dict[str, Any] = {
            "p": list(asked.platforms),
            "l": asked.controller_labels,
            "c": asked.only,
        }
        row = DetailsRow(
            details.tenant_id,
            details.session_id,
            spec=details.spec.model_dump_json(exclude_none=True),
            requirements={name: value for name, value in wanted.items() if value} or None,
            assessment=_stored(details.assessment) if details.assessment else None,
        )
        return write(Put(row, DetailsRow.session_id.does_not_exist()))

    def assess(self, tenant_id: str, session_id: str, assessment: Assessment) -> Write:
        row = DetailsRow(tenant_id, session_id)
        actions = (DetailsRow.assessment.set(_stored(assessment)),)
        return write(Update(row, actions, DetailsRow.session_id.exists()))


def _stored(assessment: Assessment) -> Any:
    verdicts = [
        [each.controller_id, each.controller_name, [mapping.reason_out(reason) for reason in each.reasons]]
        for each in assessment.verdicts
    ]
    return [epoch_millis(assessment.evaluated_at), assessment.controller_id, verdicts]


def _assessment(stored: Any) -> Assessment | None:
    if stored is None:
        return None
    at, controller_id, verdicts = stored
    return Assessment(
        from_millis(at),
        controller_id,
        tuple(
            Verdict(each[0], each[1], tuple(r for r in map(mapping.reason_in, each[2]) if r is not None))
            for each in verdicts
        ),
    )
