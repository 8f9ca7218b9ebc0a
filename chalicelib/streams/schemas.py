"""Opening a stream, in the public API."""

from typing import Any, Literal

from pydantic import Field

from chalicelib.core.schemas import RequestBody, ResponseBody, Time
from chalicelib.protocol.streams import StreamPermissions
from chalicelib.streams.rules import Wish


class WishedPermissions(RequestBody):
    """Ask for less than you may: `control: false` only watches. Absent means as much as is allowed."""

    control: bool | None = None
    clipboard_in: bool | None = None
    clipboard_out: bool | None = None


class ConnectBody(RequestBody):
    permissions: WishedPermissions = Field(default_factory=WishedPermissions)

    def to_wish(self) -> Wish:
        """As the rules know it."""
        return Wish(**self.permissions.model_dump())


class PermissionsView(ResponseBody):
    """What the gateway will enforce on the wire."""

    control: bool
    clipboard_in: bool
    clipboard_out: bool
    files_up: bool
    files_down: bool

    @classmethod
    def of(cls, permissions: StreamPermissions) -> "PermissionsView":
        """As the ticket carries them."""
        return cls(**permissions.model_dump())


class ConnectView(ResponseBody):
    """`vnc`: open `url` as a WebSocket with the subprotocols `binary` and `ticket.<ticket>`. `http`: open
    `url` and POST the ticket. The ticket works once, until `expires_at`."""

    url: str
    protocol: Literal["vnc", "http"]
    ticket: str
    expires_at: Time
    permissions: PermissionsView


class LogsView(ResponseBody):
    """Open `url` as a WebSocket with the subprotocols `streamspace.logs.v1` and `ticket.<ticket>`. What comes
    are text messages, `{"lines": [...]}`: the last 300 lines, again whenever there are new ones. The ticket
    works once, until `expires_at`."""

    url: str
    ticket: str
    expires_at: Time


class KeySet(ResponseBody):
    """RFC 7517."""

    keys: list[dict[str, Any]]
