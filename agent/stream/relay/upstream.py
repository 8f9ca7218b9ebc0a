"""The way to the application behind the relay: everything that is not a stream."""

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from agent.stream.address import Address, connect
from agent.stream.heads import RequestHead
from agent.stream.pump import End

if TYPE_CHECKING:
    from agent.stream.relay.connection import Connection

log = logging.getLogger(__name__)
_AWAY = "StreamSpace is starting or being updated. Sessions that are open go on running."
_SWITCHED = b"HTTP/1.1 101"


class UpstreamEnd(End):
    """The upstream's side of one client connection. Its answers pass untouched; of an answer to an upgrade
    the first bytes are looked at, because they decide whether the client's bytes are still requests."""

    def __init__(self, client: "Connection") -> None:
        super().__init__()
        self._client = client
        self._head: RequestHead | None = None
        """The last request, until something was answered to it."""
        self._earlier = False
        """The connection has carried an answer before."""
        self._start: bytes | None = None
        """What an answer to an upgrade begins with, until that tells."""

    def ask(self, head: RequestHead) -> None:
        self._head = head
        self._start = b"" if head.upgrades else None
        peer = self._client.peer
        self.write(head.with_field(b"X-Forwarded-For", _forwarded(head, peer)) if peer else head.raw)

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            self._head, self._earlier = None, True
        super().data_received(data)
        if self._start is not None:
            self._look(data)

    def eof_received(self) -> bool | None:
        # A client of HTTP can do nothing with half a connection; one of a WebSocket may.
        return super().eof_received() if self._client.spliced else False

    def connection_lost(self, exc: Exception | None) -> None:
        joined = self.other is not None
        if not joined or self._client.spliced or self._client.lost:
            super().connection_lost(exc)
            return
        self.other = None  # not closed by the splice: the client may have to be told something
        super().connection_lost(exc)
        if self._head is not None and not self._earlier:
            log.warning("upstream closed the connection unanswered: %s", self._head.path)
            self._client.refuse(HTTPStatus.BAD_GATEWAY, "upstream_away", _AWAY, self._head)
        else:
            # An idle connection that was closed as a request came: the client sees the close and repeats it.
            self._client.finish()

    def _look(self, data: bytes) -> None:
        self._start = (self._start or b"") + data[: len(_SWITCHED)]
        if not _SWITCHED.startswith(self._start[: len(_SWITCHED)]):
            self._start = None
            self._client.framer.not_upgraded()
            self._client.advance()
        elif len(self._start) >= len(_SWITCHED):
            self._start = None
            self._client.splice(self, b"")


async def open_upstream(client: "Connection", head: RequestHead, address: Address) -> None:
    """Connect and send the request, or answer 502."""
    try:
        end = await connect(address, UpstreamEnd(client))
    except OSError as error:
        log.warning("upstream %s does not answer: %s", address, error)
        client.refuse(HTTPStatus.BAD_GATEWAY, "upstream_away", _AWAY, head)
        return
    if client.lost:
        end.abort()
        return
    end.ask(head)
    client.forward(end)


def _forwarded(head: RequestHead, peer: str) -> bytes:
    """Appended, so that the last entry is ours whatever the client claims, and a trusted proxy's is kept."""
    claimed = head.fields.joined(b"x-forwarded-for")
    return (f"{claimed}, {peer}" if claimed else peer).encode("latin-1")
