"""Use cases of events: record changes, push them, catch up."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core.clock import Clock
from chalicelib.core.config import Config
from chalicelib.core.retry import on_conflict
from chalicelib.core.telemetry import logger
from chalicelib.core.unit_of_work import UnitOfWork
from chalicelib.events import tickets
from chalicelib.events.push import Delivery, Pusher
from chalicelib.events.rules import Draft, Event, Source, Subject, Viewer
from chalicelib.events.sockets import SocketService
from chalicelib.events.store import APPEND_LIMIT, Connection, ConnectionStore, EventStore
from chalicelib.events.viewers import Viewers
from chalicelib.tenancy.service import TenancyService

__all__ = [
    "Caught",
    "EventService",
    "IssuedTicket",
    "SocketService",
    "Source",
    "Subject",
    "Viewer",
    "Viewers",
]

_SCAN = 500
"""Events looked at in one catching up, seen or not."""
_PAGE = 50
_GREETED_WITH = 200
"""Missed events that a new connection is sent. Who missed more loads everything anew, which is less."""


@dataclass(frozen=True)
class Caught:
    """Events after a number that the viewer may see. `last` is where to go on from; not `complete` means
    that events in between have expired, so that the client must load everything anew."""

    events: list[Event]
    last: int
    complete: bool


@dataclass(frozen=True)
class IssuedTicket:
    text: str
    expires_at: datetime


@dataclass(frozen=True)
class EventService:
    store: EventStore
    connections: ConnectionStore
    viewers: Viewers
    pusher: Pusher
    tenancy: TenancyService
    uow: UnitOfWork
    clock: Clock
    config: Config

    def record(self, source: Source, records: Sequence[Mapping[str, Any]]) -> None:
        """Turn a batch of a table stream's records into events and push them, in order.

        Safe to repeat with the same records: they keep their events, which are pushed once more (a client
        skips numbers that it has). Raises what the store raises; then the batch comes again.
        """
        now = self.clock()
        drafts: defaultdict[str, list[Draft]] = defaultdict(list)
        for record in records:
            draft = _draft(source, record, now)
            if draft is not None:
                drafts[draft.tenant_id].append(draft)
        for tenant_id, listed in drafts.items():
            if self.tenancy.is_leaving(tenant_id):
                continue  # nobody is left to be told, and what is written now might outlive the tenant
            for start in range(0, len(listed), APPEND_LIMIT):
                self._push(tenant_id, self._append(tenant_id, listed[start : start + APPEND_LIMIT]))

    def caught_up(self, viewer: Viewer, after: int, limit: int) -> Caught:
        """Up to `limit` events after that number, of those that the viewer may see."""
        found: list[Event] = []
        last, complete, looked = after, True, 0
        while looked < _SCAN and len(found) < limit:
            page = self.store.after(viewer.tenant_id, last, min(max(limit, _PAGE), _SCAN - looked))
            if not page:
                break
            # Numbers have no gaps, so a gap is what time has removed.
            complete = complete and page[0].number == last + 1
            for event in page:
                last = event.number
                if viewer.may_see(event):
                    found.append(event)
                    if len(found) == limit:
                        break
            looked += len(page)
        if not found and last == after:
            newest = self.store.last(viewer.tenant_id)
            complete = newest == after
            last = newest
        return Caught(found, last, complete)

    def greeting(self, viewer: Viewer, after: int | None) -> tuple[dict[str, Any], list[str]]:
        """What a connection is answered that has just been admitted, and the messages that it missed.

        Unless `complete`, it must load everything anew; it then has all up to `last`.
        """
        newest = self.store.last(viewer.tenant_id)
        if after is None:
            return {"last": newest, "complete": True}, []
        caught = self.caught_up(viewer, after, _GREETED_WITH)
        if not caught.complete or caught.last < newest:
            return {"last": newest, "complete": False}, []
        return {"last": caught.last, "complete": True}, [message(event) for event in caught.events]

    def ticket(self, viewer: Viewer) -> IssuedTicket:
        """Opens the event WebSocket once, within a minute."""
        now, lifetime = self.clock(), self.config.timings.ticket
        text = tickets.issue(viewer, now=now, lifetime=lifetime)
        return IssuedTicket(text, now + timedelta(seconds=lifetime))

    def export(self, tenant_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The events that are still kept."""
        for event in self.store.all_of(tenant_id):
            yield (
                "event",
                {
                    "id": event.number,
                    "kind": event.kind,
                    "at": event.at.isoformat(),
                    "data": json.loads(event.data),
                },
            )

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of a tenant's events and open connections; True when none is left."""
        for connection in self.connections.of_tenant(tenant_id):
            self.uow.commit(self.connections.remove(connection))
        return self.store.erase(tenant_id)

    def _append(self, tenant_id: str, drafts: list[Draft]) -> list[Event]:
        return on_conflict(lambda: self._append_once(tenant_id, drafts), times=20)

    def _append_once(self, tenant_id: str, drafts: list[Draft]) -> list[Event]:
        known = self.store.numbers(tenant_id, [draft.source for draft in drafts])
        last = self.store.last(tenant_id)
        fresh = [draft for draft in drafts if draft.source not in known]
        numbered = [
            (draft, Event(tenant_id, last + place, draft.kind, draft.at, draft.data, draft.owner))
            for place, draft in enumerate(fresh, start=1)
        ]
        expires_at = self.clock() + timedelta(seconds=self.config.timings.event_retention)
        if numbered:
            self.uow.commit(self.store.append(numbered, last, expires_at))
        repeated = self.store.several(tenant_id, sorted(known.values())) if known else []
        return [*repeated, *(event for _, event in numbered)]

    def _push(self, tenant_id: str, events: list[Event]) -> None:
        listening = self.connections.of_tenant(tenant_id)
        present = self.viewers.present(tenant_id, {each.viewer for each in listening if each.viewer})
        unreachable: set[str] = set()
        for connection in listening:
            if connection.endpoint in unreachable or connection.viewer is None:
                continue
            viewer = present.get(connection.viewer)
            if viewer is None:
                self.pusher.close(connection)
                self.uow.commit(self.connections.remove(connection))
            elif self._deliver(replace(connection, viewer=viewer), events) is Delivery.FAILED:
                # One endpoint serves all connections that name it: do not wait for each in turn.
                unreachable.add(connection.endpoint)

    def _deliver(self, connection: Connection, events: list[Event]) -> Delivery:
        for event in events:
            if connection.viewer is None or not connection.viewer.may_see(event):
                continue
            delivery = self.pusher.send(connection, message(event))
            if delivery is Delivery.GONE:
                self.uow.commit(self.connections.remove(connection))
            if delivery is not Delivery.DONE:
                return delivery
        return Delivery.DONE


def message(event: Event) -> str:
    """An event as clients get it, by push or by GET."""
    at = event.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    fields = {"type": "event", "id": event.number, "kind": event.kind, "at": at}
    head = json.dumps(fields, separators=(",", ":"))
    return f'{head[:-1]},"data":{event.data}}}'


def _draft(source: Source, record: Mapping[str, Any], now: datetime) -> Draft | None:
    try:
        return source.draft(record, now)
    except (KeyError, ValueError, TypeError):
        # A row that cannot be read would otherwise stop its table's stream for a day.
        logger.exception("a record was skipped", extra={"event_id": record.get("eventID")})
        return None
