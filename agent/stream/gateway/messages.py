"""What a viewer may say: client-to-server RFB messages, read just far enough to tell them apart.

Message formats: RFC 6143 §7.5 and the community's RFB registry (rfbproto). A message of unknown type ends
the stream, since nobody could say where it ends. Long clipboard texts stream through without being held.
"""

import struct
from dataclasses import dataclass

from chalicelib.protocol.streams import StreamPermissions

SET_PIXEL_FORMAT, SET_ENCODINGS, UPDATE_REQUEST, KEY, POINTER, CUT_TEXT = 0, 2, 3, 4, 5, 6
CONTINUOUS_UPDATES, FENCE, XVP, SET_DESKTOP_SIZE, QEMU = 150, 248, 250, 251, 255

_FIXED = {SET_PIXEL_FORMAT: 20, UPDATE_REQUEST: 10, KEY: 8, POINTER: 6, CONTINUOUS_UPDATES: 10, XVP: 4}
_CONTROL = frozenset({KEY, POINTER, XVP, SET_DESKTOP_SIZE, QEMU})
_INPUT = frozenset({KEY, POINTER, QEMU})
_QEMU_KEY = 0
ENCODINGS_LIMIT = 1024
CUT_TEXT_LIMIT = 16 * 2**20

EXTENDED_MOUSE_BUTTONS = -316
"""Would give pointer events a second length that only the server's answers tell apart: not negotiated."""
EXTENDED_CLIPBOARD = struct.unpack("!i", bytes.fromhex("c0a1e5ce"))[0]
_TEXT, _CAPS, _REQUEST, _PEEK, _NOTIFY, _PROVIDE = 1, 1 << 24, 1 << 25, 1 << 26, 1 << 27, 1 << 28


class BadMessage(Exception):
    """Not RFB, or RFB of a kind that cannot be checked. The text is for the viewer."""


@dataclass(frozen=True)
class _Message:
    """What to do with the message at hand: `length` bytes that are complete, then `stream` bytes of payload
    that may come in any pieces; both are forwarded or both dropped."""

    length: int
    forward: bool
    stream: int = 0


class ClientMessages:
    """Filters one viewer's messages. The result depends on the bytes alone, not on how they are cut."""

    def __init__(self, permissions: StreamPermissions) -> None:
        self._may = permissions
        self._pending = b""
        self._streaming = 0
        self._forwarding = False
        self.input_seen = False
        """A key or pointer message has been forwarded since this was last reset."""

    def preamble(self) -> bytes:
        """What to send to the instance first, right after ClientInit.

        If nothing may be copied out: say that this viewer knows the extended clipboard and takes no
        unsolicited text. The server then only announces texts, and requests for them are dropped here.
        """
        if self._may.clipboard_out:
            return b""
        actions = _CAPS | _NOTIFY | (_REQUEST if self._may.control and self._may.clipboard_in else 0)
        caps = struct.pack("!B3xiII", CUT_TEXT, -8, actions | _TEXT, 0)
        return struct.pack("!BxHi", SET_ENCODINGS, 1, EXTENDED_CLIPBOARD) + caps

    def feed(self, data: bytes) -> bytes:
        """The part of the viewer's bytes that may go on to the instance. Raises BadMessage."""
        buffer = self._pending + data if self._pending else data
        passed: list[bytes] = []
        at = 0
        while at < len(buffer):
            if self._streaming:
                piece = buffer[at : at + self._streaming]
                self._streaming -= len(piece)
                at += len(piece)
                if self._forwarding:
                    passed.append(piece)
                continue
            message = self._message(buffer, at)
            if message is None or at + message.length > len(buffer):
                break
            if message.forward:
                passed.append(self._rewritten(buffer[at : at + message.length]))
            at += message.length
            self._streaming, self._forwarding = message.stream, message.forward
        self._pending = buffer[at:]
        return passed[0] if len(passed) == 1 else b"".join(passed)

    def _message(self, buffer: bytes, at: int) -> _Message | None:
        """The message at `at`; None if more bytes are needed to tell."""
        kind = buffer[at]
        forward = self._may.control or kind not in _CONTROL
        if kind == CUT_TEXT:
            return self._cut_text(buffer, at)
        length = _FIXED.get(kind) or _variable(kind, buffer, at)
        if length is None:
            return None
        if kind in _INPUT and forward and at + length <= len(buffer):
            self.input_seen = True
        return _Message(length, forward)

    def _cut_text(self, buffer: bytes, at: int) -> _Message | None:
        if len(buffer) - at < 8:
            return None
        size = struct.unpack_from("!i", buffer, at + 4)[0]
        if abs(size) > CUT_TEXT_LIMIT:
            raise BadMessage("Clipboard text too long.")
        pasting = self._may.control and self._may.clipboard_in
        if size >= 0:
            return _Message(8, pasting, size)
        if -size < 4:
            raise BadMessage("Malformed clipboard message.")
        if len(buffer) - at < 12:
            return None
        action = struct.unpack_from("!I", buffer, at + 8)[0]
        if action & (_NOTIFY | _PROVIDE) and not action & _CAPS:
            return _Message(12, pasting, -size - 4)
        # Capabilities, request, peek: ways to get at the session's clipboard, and our own words instead of
        # the viewer's if it may not.
        return _Message(12, self._may.clipboard_out, -size - 4)

    def _rewritten(self, message: bytes) -> bytes:
        if message[0] != SET_ENCODINGS:
            return message
        count = (len(message) - 4) // 4
        wanted = [e for e in struct.unpack_from(f"!{count}i", message, 4) if e != EXTENDED_MOUSE_BUTTONS]
        if not self._may.clipboard_out and EXTENDED_CLIPBOARD not in wanted:
            wanted.append(EXTENDED_CLIPBOARD)
        return struct.pack(f"!BxH{len(wanted)}i", SET_ENCODINGS, len(wanted), *wanted)


def _variable(kind: int, buffer: bytes, at: int) -> int | None:
    """Length of a message that carries a count; None if the count has not come yet."""
    here = len(buffer) - at
    if kind == SET_ENCODINGS:
        if here < 4:
            return None
        count: int = struct.unpack_from("!H", buffer, at + 2)[0]
        if count > ENCODINGS_LIMIT:
            raise BadMessage("Too many encodings.")
        return 4 + 4 * count
    if kind == FENCE:
        return 9 + buffer[at + 8] if here >= 9 else None
    if kind == SET_DESKTOP_SIZE:
        return 8 + 16 * buffer[at + 6] if here >= 7 else None
    if kind == QEMU:
        if here >= 2 and buffer[at + 1] != _QEMU_KEY:
            raise BadMessage(f"Message type {kind}/{buffer[at + 1]} is not supported.")
        return 12 if here >= 2 else None
    raise BadMessage(f"Message type {kind} is not supported.")
