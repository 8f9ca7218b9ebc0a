"""What the audit log needs from storage."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from chalicelib.audit.rules import Entry, Head, Outcome, Sealed
from chalicelib.core.unit_of_work import Write

SHARDS = 4
"""Parts of the index of tenants that the sweeper should look at, so that no part is hot."""
UNSEALED = "#unsealed"
"""Ends the partition of a tenant's entries that are not in its chain yet."""
BATCH = 40
"""Entries sealed in one transaction, which has room for 100 writes."""


@dataclass(frozen=True)
class State:
    """A tenant's chain as it is: its end, when it last grew and when the sweeper should look at it."""

    head: Head = field(default_factory=Head)
    sealed_at: datetime | None = None
    due_at: datetime | None = None
    known: bool = False
    """Whether there is a row of it."""


@dataclass(frozen=True)
class Wanted:
    """What to look for. `before` and `since` bound ids, which sort by time; `before` itself is not meant."""

    actor: str | None = None
    action: str | None = None
    target: str | None = None
    outcome: Outcome | None = None
    since: str | None = None
    before: str | None = None

    def fits(self, entry: Entry) -> bool:
        """Whether an entry is one of those."""
        return (
            self.actor in (None, entry.actor)
            and self.action in (None, entry.action)
            and self.target in (None, entry.target.id if entry.target else "")
            and self.outcome in (None, entry.outcome)
        )


@dataclass(frozen=True)
class Found:
    """Part of an answer, newest first. `examined` is the id that the search has come down to; None when it
    has come to the end."""

    entries: list[tuple[Entry, Sealed | None]]
    examined: str | None


class AuditStore(Protocol):
    """Reads of chains and of unsealed entries are consistent; searches among sealed ones are not."""

    def add(self, entry: Entry) -> Write:
        """Unsealed."""

    def unsealed(self, tenant_id: str, limit: int) -> list[Entry]:
        """Oldest first."""

    def count_unsealed(self, tenant_id: str) -> int:
        """At most 1000."""

    def state(self, tenant_id: str) -> State: ...

    def seal(self, before: State, after: State, sealed: Sequence[Sealed]) -> list[Write]:
        """Move entries into the chain. Fails with ConditionFailed if it grew meanwhile, or if one of them was
        sealed already."""

    def remind(self, tenant_id: str, state: State, due_at: datetime | None) -> Write:
        """Set, move or clear when the sweeper looks; fails with ConditionFailed if that changed meanwhile."""

    def due(self, shard: int, before: datetime, limit: int) -> list[str]:
        """Tenants that the sweeper should look at now."""

    def search_unsealed(self, tenant_id: str, wanted: Wanted, limit: int) -> Found: ...

    def search(self, tenant_id: str, wanted: Wanted, limit: int) -> Found:
        """Among sealed entries, by the most selective index."""

    def sealed(self, tenant_id: str, first: int, last: int) -> Iterator[Sealed]:
        """Those with these numbers, in order."""

    def numbers_near(self, tenant_id: str, identifier: str, *, after: bool) -> list[int]:
        """Numbers of the sealed entries next to that id in time: at and after it, or before it."""

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of the rows of a tenant that is deleted; True when none is left."""
