"""Why a stream ends: WebSocket close codes, and sentences for people."""

from dataclasses import dataclass

REFUSED = 4401
"""Ticket or resume token refused: ask the API for a new ticket."""
NOT_PERMITTED = 4403
NO_SUCH_SESSION = 4404
ENDED = 4410
"""The session no longer runs here: nothing to come back to unless it is woken."""
NO_ANSWER = 4503
"""The instance does not answer: come back in a moment."""
RESTARTING = 1012
POLICY = 1008
BUSY = 1013
BAD_DATA = 1003


@dataclass(frozen=True)
class Ending:
    """`code` None: the client has gone, nobody is left to be told."""

    code: int | None
    reason: str

    @property
    def message(self) -> bytes:
        """The reason as a close frame takes it (RFC 6455 §5.5): up to 123 bytes of whole characters."""
        return self.reason.encode()[:123].decode(errors="ignore").encode()


class Closed(Exception):
    """The stream cannot begin or go on."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.reason)
        self.ending = ending


GONE = Ending(None, "the client has gone")
RESTART = Ending(RESTARTING, "The gateway is restarting.")
REPLACED = Ending(REFUSED, "The stream was resumed by another connection.")
STARTED_ANEW = Ending(REFUSED, "The session was started anew.")
ELSEWHERE = Ending(NO_SUCH_SESSION, "Another controller serves this session.")
NOT_HERE = Ending(NO_SUCH_SESSION, "The session does not run here.")
SESSION_ENDED = Ending(ENDED, "The session no longer runs.")
SILENT = Ending(NO_ANSWER, "The session does not answer.")
PLATFORM_SILENT = Ending(NO_ANSWER, "The controller's platform does not answer.")
DISK_FAILS = Ending(NO_ANSWER, "The gateway cannot write its state; its log says why.")
FULL = Ending(BUSY, "Too many viewers.")
FULL_OF_READERS = Ending(BUSY, "Too many logs are being read.")
NOTHING_PRINTED = Ending(NO_SUCH_SESSION, "There is no instance here whose log could be read.")
READ_LONG = Ending(REFUSED, "The log was read for long: ask for a new ticket.")
NO_MORE = Ending(ENDED, "The instance is gone, and its log with it.")
