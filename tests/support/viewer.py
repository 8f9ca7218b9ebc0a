"""A viewer without a browser."""

import struct

from websockets.sync.client import ClientConnection


class Viewer:
    """The least of an RFB 3.8 client (RFC 6143): the whole screen, uncompressed, once it is asked for."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket
        self._received = b""
        assert self._read(12) == b"RFB 003.008\n"
        websocket.send(b"RFB 003.008\n")
        assert self._read(2) == b"\x01\x01"  # one kind of security: none, since the ticket was it
        websocket.send(b"\x01")
        assert self._read(4) == bytes(4)
        websocket.send(b"\x01")
        self._width, self._height = struct.unpack("!HH", self._read(4))
        self._read(16)
        self._read(*struct.unpack("!I", self._read(4)))
        websocket.send(struct.pack("!BxHi", 2, 1, 0))

    def colours(self) -> int:
        """How many different ones the screen has now."""
        self._websocket.send(struct.pack("!BBHHHH", 3, 0, 0, 0, self._width, self._height))
        seen: set[bytes] = set()
        left = self._width * self._height
        while left:
            kind, rectangles = struct.unpack("!BxH", self._read(4))
            assert kind == 0, f"unexpected message {kind}"
            for _ in range(rectangles):
                width, height = struct.unpack("!4xHH4x", self._read(12))
                pixels = self._read(width * height * 4)
                seen.update(pixels[at : at + 4] for at in range(0, len(pixels), 4))
                left -= width * height
        return len(seen)

    def _read(self, count: int) -> bytes:
        parts, have = [self._received], len(self._received)
        while have < count:
            message = self._websocket.recv(timeout=10)
            assert isinstance(message, bytes)
            parts.append(message)
            have += len(message)
        data = b"".join(parts)
        self._received = data[count:]
        return data[:count]
