"""The one splice: bytes in, bytes out, back-pressure from end to end, nothing parsed.

An `End` is the protocol of one connection; two joined ends are a splice. When one end's peer reads slowly,
its transport's write buffer fills and the other end stops reading, so at most `BUFFER` bytes plus one read
wait in each direction. End of file travels on its own (half-close); TLS knows no half-close, so there it
closes the connection once everything before it was written.
"""

import asyncio
import contextlib
import socket
from typing import cast

BUFFER = 256 * 1024
"""Bytes waiting for one slow reader before its writer is paused."""
LINGER = 30.0
"""Seconds that what was already read may take to reach a slow peer after the other end has gone."""


class End(asyncio.Protocol):
    """One end of a splice. Before `join` it drops what it reads: subclasses decide what happens first."""

    transport: asyncio.Transport

    def __init__(self, buffer: int = BUFFER) -> None:
        self.other: End | None = None
        self.ended = False
        self.lost = False
        self.gone = asyncio.Event()
        """The connection is closed and everything about it is over."""
        self.blocked_since: float | None = None
        self._buffer = buffer
        self._linger: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, since uvloop's transports do not derive from asyncio's.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=self._buffer)
        keep_alive(transport)

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.write(data)

    def eof_received(self) -> bool | None:
        self.ended = True
        other = self.other
        if other is None:
            return False
        if other.ended or not other.transport.can_write_eof():
            other.close()
            return False
        if not other.transport.is_closing():
            other.transport.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self.gone.set()
        if self._linger is not None:
            self._linger.cancel()
        if self.other is not None:
            self.other.close()

    def pause_writing(self) -> None:
        self.blocked_since = asyncio.get_running_loop().time()
        if self.other is not None:
            self.other.pause()

    def resume_writing(self) -> None:
        self.blocked_since = None
        if self.other is not None:
            self.other.resume()

    def write(self, data: bytes) -> None:
        """Queue bytes for this end's peer; silently nothing once the connection is going."""
        if not self.lost and not self.transport.is_closing():
            self.transport.write(data)

    def pause(self) -> None:
        if not self.lost and not self.transport.is_closing():
            self.transport.pause_reading()

    def resume(self) -> None:
        if not self.lost and not self.transport.is_closing():
            self.transport.resume_reading()

    def close(self) -> None:
        """Close once everything queued is written, at the latest after `LINGER` seconds."""
        if self.lost or self._linger is not None:
            return
        self.transport.close()
        if self.transport.get_write_buffer_size():
            self._linger = asyncio.get_running_loop().call_later(LINGER, self.transport.abort)

    def abort(self) -> None:
        if not self.lost:
            self.transport.abort()


def join(one: End, two: End) -> None:
    """Make two connected ends one splice and let both read. If one is gone already, the other is closed."""
    one.other, two.other = two, one
    for end, other in ((one, two), (two, one)):
        if end.lost:
            other.close()
        elif end.blocked_since is not None:
            other.pause()
        else:
            other.resume()


def keep_alive(transport: asyncio.BaseTransport) -> None:
    """Let TCP notice within half a minute that a silent peer is gone (power loss, pulled cable)."""
    sock = transport.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for option, seconds in (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, option):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
