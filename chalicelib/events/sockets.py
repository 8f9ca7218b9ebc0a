"""Use cases of the event WebSocket: it opens, says whose it is, listens, and goes.

Chalice has no authorizer for WebSockets, so the first message carries a ticket. Until then a connection gets
nothing, and after the deadline it is closed.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from chalicelib.core.clock import Clock
from chalicelib.core.config import Config
from chalicelib.core.errors import DomainError, Unauthenticated
from chalicelib.core.unit_of_work import ConditionFailed, UnitOfWork
from chalicelib.events import tickets
from chalicelib.events.push import Delivery, Pusher
from chalicelib.events.rules import Viewer
from chalicelib.events.store import Connection, ConnectionStore
from chalicelib.events.viewers import Viewers

AUTHENTICATE_WITHIN = timedelta(seconds=10)
LONGEST = timedelta(hours=2, minutes=10)
"""API Gateway ends a connection after two hours; its rows outlive it a little."""
MESSAGE_LIMIT = 8192
"""Characters: a ticket is below 1,000."""


class Authenticate(BaseModel):
    """`after` asks for the events that were missed since that number."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    type: Literal["authenticate"]
    ticket: str
    after: int | None = Field(default=None, ge=0)


class Ping(BaseModel):
    """Keeps a quiet connection open (API Gateway drops it after ten minutes)."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    type: Literal["ping"]


_MESSAGE: TypeAdapter[Authenticate | Ping] = TypeAdapter(
    Annotated[Authenticate | Ping, Field(discriminator="type")]
)


Greeting = Callable[[Viewer, int | None], tuple[dict[str, Any], list[str]]]
"""For a viewer and the last number it has: the answer's fields, and the messages that follow it."""


@dataclass(frozen=True)
class SocketService:
    connections: ConnectionStore
    greeting: Greeting
    viewers: Viewers
    pusher: Pusher
    uow: UnitOfWork
    clock: Clock
    config: Config

    def connect(self, connection_id: str, endpoint: str) -> None:
        """It is open; whose it is remains to be said."""
        now = self.clock()
        connection = Connection(connection_id, endpoint, now)
        self.uow.commit(self.connections.add(connection, now + LONGEST))

    def message(self, connection_id: str, body: str) -> None:
        """What the client sends: first whose it is, later pings. Anything else ends the connection."""
        connection = self.connections.get(connection_id)
        if connection is None:
            return
        try:
            said = _parse(body)
            if isinstance(said, Ping):
                self.pusher.send(connection, '{"type":"pong"}')
            else:
                self._authenticate(connection, said)
        except DomainError as error:
            self._refuse(connection, error)

    def disconnect(self, connection_id: str) -> None:
        """It is gone. API Gateway does not always say so."""
        connection = self.connections.get(connection_id)
        if connection is not None:
            self.uow.commit(self.connections.remove(connection))

    def sweep(self) -> int:
        """Close connections that never said whose they are; how many."""
        overdue = [each for each in self.connections.waiting() if self._overdue(each)]
        for connection in overdue:
            self._refuse(connection, _late())
        return len(overdue)

    def close_all(self, tenant_id: str) -> int:
        """End all connections of a tenant: whoever may go on comes back with a new ticket. How many."""
        found = self.connections.of_tenant(tenant_id)
        for connection in found:
            self.uow.commit(self.connections.remove(connection), aside=True)
            self.pusher.close(connection)
        return len(found)

    def close_of(self, tenant_id: str, user_id: str) -> None:
        """End somebody's connections, because what they may see has changed: they come back with a ticket
        that says what it is now, or not at all."""
        for connection in self.connections.of_tenant(tenant_id):
            if connection.viewer is not None and connection.viewer.user_id == user_id:
                self.uow.commit(self.connections.remove(connection), aside=True)
                self.pusher.close(connection)

    def _authenticate(self, connection: Connection, said: Authenticate) -> None:
        if connection.viewer is not None:
            raise Unauthenticated("This connection has authenticated before.", code="authenticated_twice")
        if self._overdue(connection):
            raise _late()
        now = self.clock()
        ticket = tickets.read(said.ticket, now=now)
        # What they may see now: a role may have changed in the ticket's minute.
        viewer = self.viewers.present(ticket.viewer.tenant_id, [ticket.viewer]).get(ticket.viewer)
        if viewer is None:
            raise Unauthenticated("Please sign in again.", code="signed_out")
        try:
            self.uow.commit(self.connections.admit(connection, viewer, ticket.id, now + LONGEST))
        except ConditionFailed:
            return  # it went in the meantime
        # Admitted first, read second: an event after this reading finds the connection listening.
        answer, messages = self.greeting(viewer, said.after)
        admitted = Connection(connection.id, connection.endpoint, connection.opened_at, viewer)
        for text in (json.dumps({"type": "authenticated", **answer}, separators=(",", ":")), *messages):
            if self.pusher.send(admitted, text) is Delivery.GONE:
                self.uow.commit(self.connections.remove(admitted))
                return

    def _refuse(self, connection: Connection, error: DomainError) -> None:
        refusal = {"type": "refused", "code": error.code, "message": error.detail}
        if self.pusher.send(connection, json.dumps(refusal, separators=(",", ":"))) is Delivery.DONE:
            self.pusher.close(connection)
        self.uow.commit(self.connections.remove(connection))

    def _overdue(self, connection: Connection) -> bool:
        return connection.viewer is None and self.clock() - connection.opened_at > AUTHENTICATE_WITHIN


def _parse(body: str) -> Authenticate | Ping:
    if len(body) <= MESSAGE_LIMIT:
        try:
            return _MESSAGE.validate_json(body)
        except ValidationError:
            pass
    raise Unauthenticated(
        'Send {"type":"authenticate","ticket":…} first, then nothing but {"type":"ping"}.', code="bad_message"
    )


def _late() -> Unauthenticated:
    return Unauthenticated("The connection did not authenticate in time.", code="authenticate_timeout")
