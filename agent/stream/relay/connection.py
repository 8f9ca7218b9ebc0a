"""A connection to the public port: reads request heads, and sends each where it belongs."""

import asyncio
import logging
from collections.abc import Coroutine
from http import HTTPStatus
from typing import TYPE_CHECKING

from agent.stream.heads import BadHead, RequestHead
from agent.stream.pump import End, join
from agent.stream.relay import answers, streams, upstream
from agent.stream.relay.framing import Framer

if TYPE_CHECKING:
    from agent.stream.relay.service import Relay

log = logging.getLogger(__name__)
HOLD = 64 * 1024
"""Bytes taken from a client while its request is being placed."""
FAREWELL = 2.0
"""Seconds for a client to read our last words before the connection is cut."""


class Connection(End):
    """One public connection. While `_task` runs a request is being placed and what follows is held; once
    `spliced`, bytes pass unread."""

    def __init__(self, relay: "Relay") -> None:
        super().__init__()
        self.relay = relay
        self.framer = Framer()
        self.spliced = False
        self._leaving = False
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def peer(self) -> str:
        """The client's IP address; empty if it came by a unix socket."""
        name = self.transport.get_extra_info("peername")
        return str(name[0]) if isinstance(name, tuple) else ""

    # What the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.relay.admit(self):
            self._watch_head()
        else:
            self.refuse(HTTPStatus.SERVICE_UNAVAILABLE, "too_many_connections", "Too many connections.")

    def data_received(self, data: bytes) -> None:
        if self.spliced:
            super().data_received(data)
        elif not self._leaving:
            self.framer.receive(data)
            if self._task is None:
                self._advance()
            elif self.framer.buffered > HOLD:
                self.pause()

    def eof_received(self) -> bool | None:
        if self._task is not None and not self._leaving:
            self.ended = True  # it still wants the answer
            return True
        if self._leaving:
            return False
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        if self._task is not None:
            self._task.cancel()
        super().connection_lost(exc)
        self.relay.gone(self)

    def resume(self) -> None:
        if self._task is None or self.framer.buffered <= HOLD:
            super().resume()

    # What the routes ask for

    def forward(self, end: End) -> None:
        """Join with the upstream; requests are still framed."""
        join(self, end)

    def splice(self, end: End, first: bytes) -> None:
        """From now on both ways raw; `first` is the beginning of the answer."""
        self.spliced = True
        rest = self.framer.rest()
        if rest:
            end.write(rest)
        if first:
            self.write(first)
        if self.other is not end:
            join(self, end)

    def detach(self) -> None:
        """Leave the upstream of earlier requests."""
        if self.other is not None:
            self.other.other = None
            self.other.close()
            self.other = None

    def hand_over(self, end: End) -> None:
        """Let another protocol have the connection; this object is done with it."""
        self._leaving = True
        self._stop_timer()
        self.relay.gone(self)
        end.connection_made(self.transport)
        self.transport.set_protocol(end)
        end.resume()

    def refuse(self, status: HTTPStatus, code: str, detail: str, request: RequestHead | None = None) -> None:
        self.finish(answers.refusal(status, code, detail, request))

    def finish(self, last: bytes = b"") -> None:
        """Say the last words and close, reading on for a moment: a reset would overtake the words."""
        if self._leaving or self.lost:
            return
        self._leaving = True
        self.spliced = False
        self.detach()
        if last:
            self.write(last)
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(FAREWELL, self.close)
        if self.ended:
            self.close()  # it has nothing more to say, nor to be read
        else:
            super().resume()

    def advance(self) -> None:
        """Go on with what was held (the upstream has refused an upgrade)."""
        if self._task is None and not self._leaving:
            self._advance()

    # Requests

    def _advance(self) -> None:
        try:
            while self._task is None and not self._leaving and not self.spliced:
                piece = self.framer.next()
                if piece is None:
                    break
                if isinstance(piece, RequestHead):
                    self._route(piece)
                elif self.other is not None:
                    self.other.write(piece)
        except BadHead as error:
            self.refuse(error.status, "bad_request", str(error))
        self._watch_head()

    def _route(self, head: RequestHead) -> None:
        if head.path.startswith("/stream/"):
            self.detach()
            self._place(streams.open_stream(self, head), head)
        elif head.path.startswith("/relay/"):
            self.detach()
            self._place(streams.serve(self, head), head)
        elif self.relay.config.upstream is None:
            self.refuse(HTTPStatus.NOT_FOUND, "not_found", "Only streams are served here.", head)
        elif isinstance(self.other, upstream.UpstreamEnd):
            self.other.ask(head)
        else:
            self._place(upstream.open_upstream(self, head, self.relay.config.upstream), head)

    def _place(self, work: Coroutine[None, None, None], head: RequestHead) -> None:
        self._task = asyncio.create_task(self._placing(work, head), name="place a request")

    async def _placing(self, work: Coroutine[None, None, None], head: RequestHead) -> None:
        try:
            await work
        except Exception:
            log.exception("request not placed: %s %s", head.method, head.path)
            self.refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "The relay failed.", head)
        finally:
            self._task = None
        if self.lost or self._leaving:
            return
        if not self.spliced:
            self._advance()
        if self.other is not None:
            if self.ended and self.other.transport.can_write_eof() and not self.other.transport.is_closing():
                self.other.transport.write_eof()
            if self.other.blocked_since is None:
                self.resume()

    # The time that a head may take

    def _watch_head(self) -> None:
        waiting = self._task is None and not self.spliced and not self._leaving and self.framer.in_head
        if waiting and (not self.framer.between or self.other is None):
            if self._timer is None:
                timeout = self.relay.config.head_timeout
                self._timer = asyncio.get_running_loop().call_later(timeout, self._too_slow)
        elif not self._leaving:
            self._stop_timer()

    def _too_slow(self) -> None:
        self._timer = None
        if self.framer.between:
            self.close()
        else:
            self.refuse(HTTPStatus.REQUEST_TIMEOUT, "request_timeout", "The request's head did not arrive.")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
