"""HTTP of streams."""

from collections.abc import Callable

from chalicelib.core.api import Answer, Api, Call, anonymous
from chalicelib.core.caller import Anonymous, Incoming
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.keys import keys
from chalicelib.identity.service import User
from chalicelib.streams.schemas import ConnectBody, ConnectView, KeySet, LogsView, PermissionsView
from chalicelib.streams.service import StreamService

_KEYS_FRESH_SECONDS = 300


def build(service: StreamService, authenticate: Callable[[Incoming], User]) -> Api[User]:
    """The routes of people."""
    api = Api("streams", authenticate)

    @api.post(
        "/v1/sessions/{session_id}/connect",
        body=ConnectBody,
        answers=ConnectView,
        permission="sessions:write",
        raises=(NotFound, Conflict),
        audit="session.connect",
    )
    def connect(call: Call[User], session_id: str, body: ConnectBody) -> ConnectView:
        """Get a ticket and the address at which to open a running session's stream."""
        opened = service.connect(call.caller, session_id, body.to_wish(), origin=call.incoming.origin)
        return ConnectView(
            url=opened.opening.url,
            protocol=opened.streamed.protocol,
            ticket=opened.opening.ticket,
            expires_at=opened.opening.expires_at,
            permissions=PermissionsView.of(opened.permissions),
        )

    @api.post(
        "/v1/sessions/{session_id}/logs",
        answers=LogsView,
        permission="sessions:write",
        raises=(NotFound, Conflict),
        audit="session.logs",
    )
    def logs(call: Call[User], session_id: str) -> LogsView:
        """Get a ticket and the address at which to read what a session's programs print. It is read from the
        controller and is kept nowhere else."""
        opening = service.logs(call.caller, session_id, origin=call.incoming.origin)
        return LogsView(url=opening.url, ticket=opening.ticket, expires_at=opening.expires_at)

    return api


def build_public() -> Api[Anonymous]:
    """What relays and gateways verify tickets with."""
    api = Api("keys", anonymous, security=None)

    @api.get("/.well-known/jwks.json", answers=KeySet)
    def jwks(call: Call[Anonymous]) -> Answer:
        """The public keys that stream tickets and relay grants are signed with."""
        return Answer(
            KeySet(keys=keys().public()["keys"]),
            headers={"Cache-Control": f"public, max-age={_KEYS_FRESH_SECONDS}"},
        )

    return api
