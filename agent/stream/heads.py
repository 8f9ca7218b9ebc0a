"""HTTP/1.1 heads, read strictly (RFC 9112): a request's at the relay, an answer's at the dialler.

Strict, because a head that two parsers read differently is how requests are smuggled: no folded lines, no
bare CR or LF, no white space before a colon, no second or contradictory length.
"""

import re
from dataclasses import dataclass
from http import HTTPStatus

LIMIT = 16 * 1024
"""Bytes of a head, its blank line included."""
END = b"\r\n\r\n"

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST = re.compile(rb"(" + _TOKEN + rb") ([\x21-\x7e]+) HTTP/1\.([01])")
_ANSWER = re.compile(rb"HTTP/1\.[01] ([1-9][0-9][0-9])(?: [^\x00-\x08\x0a-\x1f\x7f]*)?")
_FIELD = re.compile(rb"(" + _TOKEN + rb"):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")


class BadHead(ValueError):
    """Not a head that we are willing to act on."""

    def __init__(self, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Fields:
    """Header fields in order, names in lower case."""

    items: tuple[tuple[bytes, bytes], ...]

    def all(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.items if key == name]

    def joined(self, name: bytes) -> str:
        """All values as one list, as RFC 9110 §5.3 allows for list fields."""
        return b", ".join(self.all(name)).decode("latin-1")

    def tokens(self, name: bytes) -> set[str]:
        """A list field's members in lower case (`Connection`, `Upgrade`)."""
        return {part.strip().lower() for part in self.joined(name).split(",")} - {""}


@dataclass(frozen=True)
class RequestHead:
    method: str
    target: str
    version: int
    """Minor version: HTTP/1.0 or HTTP/1.1."""
    fields: Fields
    raw: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def upgrades(self) -> bool:
        """Asks to become a WebSocket (other upgrades, such as `h2c`, are ignored as servers may)."""
        return (
            self.method == "GET"
            and "websocket" in self.fields.tokens(b"upgrade")
            and "upgrade" in self.fields.tokens(b"connection")
        )

    def body(self) -> int | None:
        """Length of the body in bytes; None if it is chunked. Raises BadHead if that is not certain."""
        lengths, codings = self.fields.all(b"content-length"), self.fields.all(b"transfer-encoding")
        if codings:
            if lengths or self.version == 0 or [c.strip().lower() for c in codings] != [b"chunked"]:
                raise BadHead("unsupported transfer encoding", HTTPStatus.NOT_IMPLEMENTED)
            return None
        if not lengths:
            return 0
        if len(lengths) > 1 or not re.fullmatch(rb"[0-9]{1,15}", lengths[0].rstrip()):
            raise BadHead("bad content length")
        return int(lengths[0])

    def with_field(self, name: bytes, value: bytes) -> bytes:
        """The head with every `name` field replaced by one, everything else byte for byte as it came."""
        lines = self.raw.removesuffix(END).split(b"\r\n")
        kept = [line for line in lines[1:] if line.partition(b":")[0].lower() != name.lower()]
        return b"\r\n".join([lines[0], *kept, name + b": " + value]) + END


def request(raw: bytes) -> RequestHead:
    """Parse one request head, blank line included. Raises BadHead."""
    lines = raw.removesuffix(END).split(b"\r\n")
    match = _REQUEST.fullmatch(lines[0])
    if match is None:
        raise BadHead("not an HTTP/1.1 request")
    method, target, minor = match.groups()
    return RequestHead(method.decode(), target.decode(), int(minor), _fields(lines[1:]), raw)


def answer(raw: bytes) -> tuple[int, Fields]:
    """Status and fields of an answer's head, blank line included. Raises BadHead."""
    lines = raw.removesuffix(END).split(b"\r\n")
    match = _ANSWER.fullmatch(lines[0])
    if match is None:
        raise BadHead("not an HTTP/1.1 answer")
    return int(match.group(1)), _fields(lines[1:])


def _fields(lines: list[bytes]) -> Fields:
    found = []
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise BadHead("malformed header field")
        found.append((match.group(1).lower(), match.group(2).rstrip(b" \t")))
    return Fields(tuple(found))
