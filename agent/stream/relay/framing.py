"""Where one request ends and the next begins.

Bytes pass through unchanged and mostly uncopied; only heads are collected and read. What is not certainly
framed is refused, so that this reading and the upstream's cannot differ.
"""

from enum import Enum, auto
from http import HTTPStatus

from agent.stream import heads
from agent.stream.heads import BadHead, RequestHead

CHUNK_LINE_LIMIT = 256
TRAILER_LIMIT = 8 * 1024


class _In(Enum):
    HEAD = auto()
    BODY = auto()
    CHUNK_LINE = auto()
    CHUNK_DATA = auto()
    TRAILER = auto()
    HELD = auto()
    RAW = auto()


class Framer:
    """Pull parser of one connection's requests: `receive` what was read, then `next` until it gives None.

    `next` returns a head, or bytes that belong to the current request's body. After a head that asks for an
    upgrade it gives nothing until `upgraded` or `not_upgraded` was called.
    """

    def __init__(self) -> None:
        self._state = _In.HEAD
        self._buffer = b""
        self._left = 0
        """Bytes left of the body, or of the current chunk with its CRLF."""

    @property
    def buffered(self) -> int:
        return len(self._buffer)

    @property
    def between(self) -> bool:
        """No request is under way and nothing of the next one has come."""
        return self._state is _In.HEAD and not self._buffer

    @property
    def in_head(self) -> bool:
        return self._state is _In.HEAD

    def receive(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data

    def upgraded(self) -> None:
        """From now on everything is passed on as it is."""
        self._state = _In.RAW

    def not_upgraded(self) -> None:
        """The upgrade was refused: what follows is the next request."""
        self._state = _In.HEAD

    def rest(self) -> bytes:
        """Take what was read beyond the last head (for a connection that leaves this parser)."""
        rest, self._buffer = self._buffer, b""
        return rest

    def next(self) -> RequestHead | bytes | None:
        """Raises BadHead."""
        if self._state is _In.BODY:
            return self._counted()
        if self._state is _In.RAW:
            return self.rest() or None
        reader = {
            _In.HEAD: self._head,
            _In.CHUNK_LINE: self._chunk_line,
            _In.CHUNK_DATA: self._chunk_data,
            _In.TRAILER: self._trailer,
        }.get(self._state)
        return reader() if reader is not None else None

    def _head(self) -> RequestHead | None:
        # RFC 9112 §2.2: empty lines before a request are to be ignored.
        while self._buffer.startswith(b"\r\n"):
            self._buffer = self._buffer[2:]
        end = self._buffer.find(heads.END, 0, heads.LIMIT)
        if end < 0:
            if len(self._buffer) >= heads.LIMIT:
                raise BadHead("request head too large", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return None
        head = heads.request(self._take(end + len(heads.END)))
        length = head.body()
        if length is None:
            self._state = _In.CHUNK_LINE
        elif length:
            self._state, self._left = _In.BODY, length
        elif head.upgrades:
            self._state = _In.HELD
        return head

    def _counted(self) -> bytes | None:
        if not self._buffer:
            return None
        data = self._buffer if len(self._buffer) <= self._left else self._buffer[: self._left]
        self._buffer = self._buffer[len(data) :]
        self._left -= len(data)
        if not self._left:
            self._state = _In.HEAD
        return data

    def _chunk_line(self) -> bytes | None:
        line = self._line(CHUNK_LINE_LIMIT)
        if line is None:
            return None
        size = line.removesuffix(b"\r\n").partition(b";")[0].strip(b" \t")
        if not 0 < len(size) <= 15 or size.translate(None, b"0123456789abcdefABCDEF"):
            raise BadHead("bad chunk")
        self._left = int(size, 16)
        self._state = _In.CHUNK_DATA if self._left else _In.TRAILER
        self._left += 2
        return line

    def _chunk_data(self) -> bytes | None:
        """A chunk's data and the CRLF behind it, which must be one."""
        if self._left > 2:
            if not self._buffer:
                return None
            data = self._take(min(len(self._buffer), self._left - 2))
            self._left -= len(data)
            return data
        if len(self._buffer) < 2:
            return None
        if not self._buffer.startswith(b"\r\n"):
            raise BadHead("bad chunk")
        self._state = _In.CHUNK_LINE
        return self._take(2)

    def _trailer(self) -> bytes | None:
        line = self._line(TRAILER_LIMIT)
        if line == b"\r\n":
            self._state = _In.HEAD
        return line

    def _line(self, limit: int) -> bytes | None:
        end = self._buffer.find(b"\r\n", 0, limit)
        if end < 0:
            if len(self._buffer) >= limit:
                raise BadHead("line too long")
            return None
        line = self._take(end + 2)
        if b"\n" in line[:-2] or b"\r" in line[:-2]:
            raise BadHead("bad line")
        return line

    def _take(self, count: int) -> bytes:
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken
