"""HTTP of events. The WebSocket's handlers are in app.py: API Gateway calls them by event, not by path."""

from collections.abc import Callable

from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.events.schemas import EventList, EventsQuery, EventTicketView, EventView
from chalicelib.events.service import EventService, Viewer
from chalicelib.identity.service import User

SOCKET_PATH = "/v1/events/socket"
"""On the API's own host, where no other address is configured."""


def build(service: EventService, authenticate: Callable[[Incoming], User], url: str | None) -> Api[User]:
    """The routes. `url` is the event WebSocket's, if it is not on the API's own host."""
    api = Api("events", authenticate)

    @api.get("/v1/events", query=EventsQuery, answers=EventList, permission="events:read")
    def events(call: Call[User], query: EventsQuery) -> EventList:
        """What happened after an event that you know, of what you may see."""
        caught = service.caught_up(_viewer(call.caller), query.after, query.limit)
        items = [EventView.of(event) for event in caught.events]
        return EventList(items=items, last=caught.last, complete=caught.complete)

    @api.post("/v1/events/ticket", answers=EventTicketView, permission="events:read")
    def create_event_ticket(call: Call[User]) -> EventTicketView:
        """Get the address of the event WebSocket and a ticket that opens it once."""
        issued = service.ticket(_viewer(call.caller))
        here = call.incoming.origin.replace("http", "ws", 1) + SOCKET_PATH
        return EventTicketView(url=url or here, ticket=issued.text, expires_at=issued.expires_at)

    return api


def _viewer(user: User) -> Viewer:
    return Viewer(user.tenant_id, user.user_id, user.permissions, user.sign_in_id, user.key_id)
