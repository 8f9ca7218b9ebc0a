"""What an event is, who may see it, and what a table stream's record turns into."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

Image = Mapping[str, Any]
"""A stored row as table streams carry it (DynamoDB JSON)."""


@dataclass(frozen=True)
class Audience:
    """Who may see events of a kind: holders of `everyone`'s permission see all, holders of `owner`'s those
    of what is their own."""

    everyone: str
    owner: str | None = None


AUDIENCES = {
    "session": Audience(everyone="sessions:read_all", owner="sessions:read"),
    "controller": Audience(everyone="controllers:read"),
}
RELEVANT = frozenset(name for each in AUDIENCES.values() for name in (each.everyone, each.owner) if name)
"""The permissions that decide what a viewer sees."""


@dataclass(frozen=True)
class Draft:
    """An event before it has a number. `source` names the record it was made of; `owner` is the user whose
    thing it is."""

    tenant_id: str
    source: str
    kind: str
    at: datetime
    data: str
    owner: str | None = None


@dataclass(frozen=True)
class Event:
    """Something that happened in a tenant. `data` is JSON: what changed, as the API shows it."""

    tenant_id: str
    number: int
    kind: str
    at: datetime
    data: str
    owner: str | None = None


@dataclass(frozen=True)
class Viewer:
    """Whom events are shown to, and what they proved it with: a sign-in or an API key."""

    tenant_id: str
    user_id: str
    permissions: frozenset[str]
    sign_in_id: str = ""
    key_id: str = ""

    def may_see(self, event: Event) -> bool:
        """Within the tenant; what another tenant's viewer may see is not even asked."""
        audience = AUDIENCES.get(event.kind.partition(".")[0])
        if audience is None or event.tenant_id != self.tenant_id:
            return False
        if audience.everyone in self.permissions:
            return True
        return audience.owner in self.permissions and event.owner == self.user_id


@dataclass(frozen=True)
class Subject:
    """A row as the API shows it, whose it is and in which tenant."""

    tenant_id: str
    id: str
    view: BaseModel
    owner: str | None = None


@dataclass(frozen=True)
class Source:
    """A table whose changes are events. `noun` is the first part of their kind; `read` makes a subject of a
    row, or None of a row that is not one; a change in `ignored` fields alone is no news, nor is a row's end
    unless `ends`."""

    noun: str
    read: Callable[[Image], Subject | None]
    ignored: frozenset[str] = frozenset()
    ends: bool = True

    def draft(self, record: Mapping[str, Any], now: datetime) -> Draft | None:
        """What a stream's record says that the API shows; None if nothing."""
        change: Mapping[str, Any] = record["dynamodb"]
        before = self._subject(change.get("OldImage"))
        after = self._subject(change.get("NewImage"))
        subject = after or before
        if subject is None or (before and after and self._same(before, after)):
            return None
        if after is None:
            if not self.ends:
                return None
            kind, data = f"{self.noun}.removed", f'{{"id":"{subject.id}"}}'
        else:
            kind, data = f"{self.noun}.changed", after.view.model_dump_json(by_alias=True)
        return Draft(
            tenant_id=subject.tenant_id,
            source=str(record["eventID"]),
            kind=kind,
            at=now,
            data=data,
            owner=subject.owner,
        )

    def _subject(self, image: Image | None) -> Subject | None:
        return self.read(image) if image else None

    def _same(self, before: Subject, after: Subject) -> bool:
        return self._news(before) == self._news(after)

    def _news(self, subject: Subject) -> dict[str, Any]:
        return subject.view.model_dump(exclude=set(self.ignored))
