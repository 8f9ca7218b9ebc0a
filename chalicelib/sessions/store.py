"""What sessions need from storage."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from chalicelib.core.unit_of_work import Write
from chalicelib.protocol.agents import SessionActivity
from chalicelib.protocol.commands import StatusReport
from chalicelib.sessions.entities import Assessment, Details, Entry, Overview, Session
from chalicelib.sessions.rules import State

Position = dict[str, Any]
SHARDS = 8
"""Parts of the index of due sessions, so that no part is hot."""


@dataclass(frozen=True)
class Due:
    """A session that a sweeper should look at, as the index has it."""

    tenant_id: str
    session_id: str
    due_at: datetime


class SessionStore(Protocol):
    """Sessions, their details and timelines. Reads by id are consistent, lists are not."""

    def get(self, tenant_id: str, session_id: str) -> Session | None:
        """Also one that was archived."""

    def several(
        self,
        tenant_id: str,
        session_ids: Sequence[str],
        *,
        consistent: bool = True,
        archived: bool = False,
    ) -> dict[str, Session]:
        """Those that exist and are not archived, or only those that are."""

    def page(
        self,
        tenant_id: str,
        *,
        user_id: str | None,
        state: State | None,
        limit: int,
        after: Position | None,
    ) -> tuple[list[Overview], Position | None]:
        """Newest first: all of a tenant or of one of its users. Terminated ones only when asked for."""

    def from_image(self, image: Mapping[str, Any]) -> Overview:
        """What users see, out of a row as the table's stream delivers it (DynamoDB JSON)."""

    def all_of(self, tenant_id: str) -> Iterator[Session]:
        """Every session of a tenant that is not archived, read consistently. Not for requests."""

    def ever(self, tenant_id: str) -> Iterator[Session]:
        """The same and the archived ones."""

    def drop_homes(self, tenant_id: str, now: datetime, limit: int) -> int:
        """Want the homes gone that ended sessions left behind; how many were not wanted gone before. The next
        inventory that finds one has it removed."""

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of all that is kept of a tenant's sessions; True when none is left."""

    def placed_on(
        self,
        tenant_id: str,
        controller_id: str,
        *,
        after: str | None = None,
        until: str | None = None,
    ) -> list[str]:
        """Ids of sessions that were placed there and are not archived, in their order: those after one, up to
        and with another."""

    def unplaced(self, tenant_id: str, limit: int) -> list[str]:
        """Ids of the oldest pending sessions."""

    def due(self, shard: int, before: datetime, limit: int) -> list[Due]:
        """What is due in one of `SHARDS` shards, oldest first."""

    def add(self, session: Session) -> Write: ...

    def change(self, before: Session, after: Session) -> Write:
        """Only what differs; fails with ConditionFailed unless the row still is of `before`'s revision."""

    def progress(self, session: Session, report: StatusReport) -> Write:
        """Stage and progress alone; fails with ConditionFailed unless the same command is still held under
        the same fence and the report is newer than the last."""

    def activity(self, session: Session, controller_id: str, seen: SessionActivity) -> Write: ...

    def postpone(self, due: Due, until: datetime | None) -> Write:
        """Move or clear the due time; fails with ConditionFailed if it moved meanwhile."""

    def archive(self, session: Session) -> list[Write]:
        """Out of every list of live sessions, into the history."""

    def details(self, tenant_id: str, session_id: str) -> Details | None: ...

    def add_details(self, details: Details) -> Write: ...

    def assess(self, tenant_id: str, session_id: str, assessment: Assessment) -> Write: ...

    def append(self, session: Session, entries: Sequence[Entry]) -> list[Write]:
        """The timeline's next entries. Only together with the change that they tell of."""

    def timeline(
        self, tenant_id: str, session_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[Entry], Position | None]:
        """Oldest first."""


@dataclass(frozen=True)
class Remembered:
    """A request that was carried out under an idempotency key."""

    session_id: str
    fingerprint: str


class KeyStore(Protocol):
    """Idempotency keys, remembered for a day."""

    def recall(self, tenant_id: str, key: str) -> Remembered | None: ...

    def remember(self, tenant_id: str, key: str, request: Remembered, until: datetime) -> Write:
        """Fails with ConditionFailed if the key is taken."""


class SuspectStore(Protocol):
    """What the last inventory of a controller had too much, until the next one confirms it."""

    def suspects(self, tenant_id: str, controller_id: str) -> dict[str, datetime]:
        """Instance (session id and incarnation) -> when the inventory that saw it first began."""

    def suspect(self, tenant_id: str, controller_id: str, suspects: dict[str, datetime]) -> Write: ...
