"""Removing all that is kept of a tenant's sessions, and telling all of it."""

from collections.abc import Iterator
from datetime import datetime

from chalicelib.core.clock import epoch_millis
from chalicelib.core.dynamo_rows import REMOVED_AT_ONCE, remove_partition, remove_rows
from chalicelib.sessions import mapping
from chalicelib.sessions.entities import Session
from chalicelib.sessions.mapping import ENDED
from chalicelib.sessions.row_models import (
    DetailsRow,
    RequestKeyRow,
    SessionRow,
    SuspectsRow,
    TimelineRow,
)
from chalicelib.sessions.rules import State

_SESSIONS_AT_ONCE = 20


class DynamoRemoval:
    """The part of `SessionStore` that deals with a tenant as a whole."""

    def ever(self, tenant_id: str) -> Iterator[Session]:
        for partition in (tenant_id, tenant_id + ENDED):
            for row in SessionRow.query(partition, consistent_read=True):
                yield mapping.session(row)

    def drop_homes(self, tenant_id: str, now: datetime, limit: int) -> int:
        kept = (
            (SessionRow.state == State.TERMINATED.value)
            & (SessionRow.persistent_home == True)  # noqa: E712
            & SessionRow.fence.exists()  # an agent has held it, so there may be something
            & SessionRow.delete_home.does_not_exist()
        )
        found = 0
        for partition in (tenant_id, tenant_id + ENDED):
            for row in SessionRow.query(partition, filter_condition=kept, consistent_read=True):
                if found == limit:
                    return found
                row.update(
                    actions=[
                        SessionRow.delete_home.set(True),
                        SessionRow.changed_at.set(epoch_millis(now)),
                        SessionRow.revision.add(1),
                    ],
                    condition=kept,
                )
                found += 1
        return found

    def erase(self, tenant_id: str) -> bool:
        for model in (RequestKeyRow, SuspectsRow):
            if not remove_partition(model, tenant_id):
                return False
        # Details outlive every step of the timeline, so they name all sessions that have one: they go last.
        found = list(DetailsRow.query(tenant_id, limit=_SESSIONS_AT_ONCE, consistent_read=True))
        for row in found:
            while not remove_partition(TimelineRow, mapping.history(tenant_id, row.session_id)):
                pass
        remove_rows(DetailsRow, found)
        if len(found) == _SESSIONS_AT_ONCE:
            return False
        return all(
            remove_partition(SessionRow, partition, limit=REMOVED_AT_ONCE)
            for partition in (tenant_id, tenant_id + ENDED)
        )
