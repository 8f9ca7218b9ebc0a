"""Tickets and grants: what a gateway and a relay read out of the control plane's JWTs (design §6)."""

from typing import Literal

from pydantic import Field

from chalicelib.protocol.base import Identifier, Wire

ISSUER = "streamspace"
RELAY_AUDIENCE = "streamspace-relay"
"""Audience of the grant by which a gateway may hold idle connections at a relay."""
WEBSOCKET_PROTOCOLS = ("streamspace.v1", "binary")
"""Offered beside `ticket.<jwt>` or `resume.<token>`. A client that offers `streamspace.v1` also understands
control messages: JSON text frames between the binary RFB ones. Plain VNC clients offer `binary` alone."""
LOGS_PROTOCOL = "streamspace.logs.v1"
"""Offered beside `ticket.<jwt>` by who reads an instance's log: `LogMessage`s come, in text frames."""


def gateway_audience(controller_id: str) -> str:
    """The one gateway that a ticket is for."""
    return f"streamspace-gateway:{controller_id}"


def stream_path(controller_id: str, session_id: str) -> str:
    """The same on a relay and on a gateway; the relay routes by the controller alone."""
    return f"/stream/{controller_id}/{session_id}"


def logs_path(controller_id: str, session_id: str) -> str:
    """Where the session's log is read, beside its stream."""
    return f"{stream_path(controller_id, session_id)}/logs"


class StreamPermissions(Wire):
    control: bool = True
    clipboard_in: bool = True
    clipboard_out: bool = True
    files_up: bool = False
    files_down: bool = False


class TicketClaims(Wire):
    """Claims of a ticket; `exp` is 60 s after `iat` and `jti` is consumed by the gateway. One for `logs`
    opens no stream, and the others no log. `revocations` is for the relay: what was parked by grants with
    fewer is not for this viewer."""

    iss: str = ISSUER
    aud: str
    sub: Identifier
    jti: str
    iat: int
    exp: int
    tenant: Identifier
    session: Identifier
    controller: Identifier
    incarnation: int
    protocol: Literal["vnc", "http", "logs"]
    permissions: StreamPermissions
    revocations: int = Field(default=0, ge=0)


class RelayGrantClaims(Wire):
    """Claims of a relay grant (one hour). `revocations` is how often agents of the controller had been shut
    out of it: a relay that has seen a higher number refuses the grant."""

    iss: str = ISSUER
    aud: str = RELAY_AUDIENCE
    iat: int
    exp: int
    tenant: Identifier
    controller: Identifier
    revocations: int = Field(default=0, ge=0)


class StreamMessage(Wire):
    """A control message, gateway to client, on `streamspace.v1`: `resume` hands over a token for the next
    connection (as subprotocol `resume.<token>`; each use rotates it), `closed` says why before closing."""

    type: Literal["resume", "closed"]
    token: str | None = None
    reason: str | None = None


class LogMessage(Wire):
    """What an instance printed last, oldest first: all that is shown of it, not only what is new. It comes at
    the beginning, and again whenever it has changed."""

    lines: list[str]
