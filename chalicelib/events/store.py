"""What events need from storage."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.core.unit_of_work import Write
from chalicelib.events.rules import Draft, Event, Viewer


@dataclass(frozen=True)
class Connection:
    """An open event WebSocket. `endpoint` is where messages to it are posted; without a `viewer` it has not
    said yet whose it is."""

    id: str
    endpoint: str
    opened_at: datetime
    viewer: Viewer | None = None


class EventStore(Protocol):
    """Numbered events, and which records they were made of."""

    def last(self, tenant_id: str) -> int:
        """The newest number; 0 before the first event."""

    def numbers(self, tenant_id: str, sources: Sequence[str]) -> dict[str, int]:
        """Those of the sources that were recorded already, and as what."""

    def append(self, events: Sequence[tuple[Draft, Event]], last: int, expires_at: datetime) -> list[Write]:
        """Numbered after `last`; fails if others appended meanwhile or a source is recorded already. One
        tenant, at most `APPEND_LIMIT`."""

    def after(self, tenant_id: str, number: int, limit: int) -> list[Event]:
        """At most `limit` events with higher numbers, in order."""

    def several(self, tenant_id: str, numbers: Sequence[int]) -> list[Event]:
        """Those that still exist, in order."""

    def all_of(self, tenant_id: str) -> Iterator[Event]:
        """Those that still exist, in order; for an export."""

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of the tenant's; True when none is left."""


class ConnectionStore(Protocol):
    """Open connections by id, and those of a tenant."""

    def get(self, connection_id: str) -> Connection | None: ...

    def add(self, connection: Connection, expires_at: datetime) -> list[Write]:
        """A connection without a viewer."""

    def admit(
        self, connection: Connection, viewer: Viewer, ticket_id: str, expires_at: datetime
    ) -> list[Write]:
        """From now on it gets the viewer's events. Fails if it is gone or has a viewer; refused with
        Unauthenticated `ticket_used`."""

    def of_tenant(self, tenant_id: str) -> list[Connection]:
        """Consistent: whoever was admitted before an event was numbered is among them."""

    def waiting(self) -> list[Connection]:
        """Those without a viewer."""

    def remove(self, connection: Connection) -> list[Write]: ...


APPEND_LIMIT = 30
"""Three writes an event at most; a transaction takes 100."""
