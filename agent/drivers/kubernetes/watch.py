"""One watch: an answer that stays open, one event a line, until the server ends it or it is hung up."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import urllib3

from agent.drivers.kubernetes.errors import Refusal, status_refusal
from agent.drivers.kubernetes.kinds import Object

CHUNK = 65536
LONGEST = 16 * 2**20
"""Bytes of one event; the API keeps no object beyond 1.5 MB, so more is no watch."""


class Gone(Exception):
    """The version asked for is too old (410): list again."""


class Refused(Exception):
    """The server ended the watch with an ERROR event."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass(frozen=True)
class Event:
    """`type` is ADDED, MODIFIED, DELETED or BOOKMARK (which moves `version` on and says nothing else)."""

    type: str
    object: Object

    @property
    def version(self) -> str | None:
        return (self.object.get("metadata") or {}).get("resourceVersion")


@dataclass
class Watch:
    """Read by one thread; `hang_up` may be called from any other, and wakes the reader at once."""

    response: urllib3.BaseHTTPResponse
    silence: float
    """Seconds without a word after which the connection counts as dead."""
    heard: float = field(default_factory=time.monotonic)
    """When the server last said anything."""
    _ending: threading.Lock = field(default_factory=threading.Lock)
    _ended: bool = False

    def __post_init__(self) -> None:
        """The beginning of the answer was waited for as for any other; from here on there may be nothing to
        say for long."""
        sock = getattr(self.response.connection, "sock", None)
        if sock is not None:
            sock.settimeout(self.silence)

    def events(self) -> Iterator[Event]:
        """Ends when the server ends it. Raises Gone, Refused, and the transport's errors (a line that breaks
        off or is no JSON among them)."""
        try:
            for line in self._lines():
                event = _event(line)
                if event.type == "ERROR":
                    refusal = status_refusal(event.object)
                    if refusal.status == 410 or refusal.reason in {"Expired", "Gone"}:
                        raise Gone(refusal.message)
                    raise Refused(refusal)
                yield event
        finally:
            self.close()

    def hang_up(self) -> None:
        """End the reading, from another thread. Closing alone would not wake it."""
        with self._ending, contextlib.suppress(OSError, ValueError, RuntimeError):
            if not self._ended:
                self.response.shutdown()

    def close(self) -> None:
        with self._ending:
            self._ended = True
            # What is left on this connection is half an answer: it never goes back to the pool.
            self.response.close()

    def _lines(self) -> Iterator[bytes]:
        kept = bytearray()
        while chunk := self.response.read1(CHUNK):
            self.heard = time.monotonic()
            kept += chunk
            if b"\n" not in chunk:
                if len(kept) > LONGEST:
                    raise urllib3.exceptions.ProtocolError("an event that does not end")
                continue
            *lines, rest = bytes(kept).split(b"\n")
            kept = bytearray(rest)
            yield from (line for line in lines if line.strip())
        if kept.strip():
            raise urllib3.exceptions.ProtocolError("the watch broke off within an event")


def _event(line: bytes) -> Event:
    try:
        found: Any = json.loads(line)
        return Event(type=str(found["type"]), object=dict(found["object"]))
    except (ValueError, KeyError, TypeError) as error:
        raise urllib3.exceptions.ProtocolError(f"no event: {line[:200]!r}") from error
