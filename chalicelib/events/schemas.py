"""Events in the public API."""

import json
from typing import Any

from pydantic import Field

from chalicelib.core.schemas import RequestBody, ResponseBody, Time
from chalicelib.events.rules import Event


class EventsQuery(RequestBody):
    after: int = Field(default=0, ge=0, le=2**53, description="Only events with higher ids.")
    limit: int = Field(default=100, ge=1, le=200, description="At most so many items.")


class EventView(ResponseBody):
    """`kind` is `session.changed`, `controller.changed` or `controller.removed`; `data` is what changed as
    the API shows it, or only its id once it is removed."""

    id: int
    kind: str
    at: Time
    data: dict[str, Any]

    @classmethod
    def of(cls, event: Event) -> "EventView":
        """As it was recorded."""
        return cls(id=event.number, kind=event.kind, at=event.at, data=json.loads(event.data))


class EventList(ResponseBody):
    """`last` is the `after` to go on from. Not `complete`: events in between have expired, so load what you
    show anew."""

    items: list[EventView]
    last: int
    complete: bool


class EventTicketView(ResponseBody):
    """Open `url` as a WebSocket within a minute and send `{"type": "authenticate", "ticket": …}`."""

    url: str
    ticket: str
    expires_at: Time
