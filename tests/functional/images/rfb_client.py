"""The least of an RFB 3.8 client that shows what a session's display does (RFC 6143)."""

import socket
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import ECB

VNC_AUTH = 2
ENTER, CONTROL, SHIFT = 0xFF0D, 0xFFE3, 0xFFE1
_RAW, _DESKTOP_SIZE, _EXTENDED_DESKTOP_SIZE = 0, -223, -308
_UPDATE, _BELL, _CUT_TEXT = 0, 2, 3
_BYTES = 4


class RfbClient:
    """One connection, signed in, with the picture as it was last received."""

    def __init__(self, path: Path, password: str, seconds: float = 15) -> None:
        self.cut_text: str | None = None
        self._painted = False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(seconds)
        self._socket.connect(str(path))
        self._sign_in(password)
        self._write(b"\x01")  # shared
        self.width, self.height, _, length = struct.unpack(">HH16sI", self._read(24))
        self.name = self._read(length).decode()
        # 32 bits a pixel, little endian: blue, green, red, unused
        self._write(struct.pack(">B3xBBBBHHHBBB3x", 0, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0))
        self._write(struct.pack(">BxH3i", 2, 3, _RAW, _DESKTOP_SIZE, _EXTENDED_DESKTOP_SIZE))
        self.pixels = bytearray(self.width * self.height * _BYTES)

    def close(self) -> None:
        self._socket.close()

    def _sign_in(self, password: str) -> None:
        assert self._read(12) == b"RFB 003.008\n"
        self._write(b"RFB 003.008\n")
        self.security_types = list(self._read(self._read(1)[0]))
        assert VNC_AUTH in self.security_types, self._reason()
        self._write(bytes([VNC_AUTH]))
        # VncAuth is DES with the bits of each key byte mirrored; DES is 3DES with one key three times.
        key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in password.encode()[:8].ljust(8, b"\0"))
        self._write(Cipher(TripleDES(key * 3), ECB()).encryptor().update(self._read(16)))
        if struct.unpack(">I", self._read(4))[0] != 0:
            raise PermissionError(self._reason())

    def _reason(self) -> str:
        return self._read(struct.unpack(">I", self._read(4))[0]).decode()

    def _read(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            part = self._socket.recv(min(count - len(data), 1 << 20))
            if not part:
                raise EOFError("the server closed the connection")
            data += part
        return bytes(data)

    def _write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def refresh(self) -> None:
        """Fetches the whole picture."""
        self._painted = False
        incremental = 0
        while not self._painted:
            self._write(struct.pack(">BBHHHH", 3, incremental, 0, 0, self.width, self.height))
            # A full request may be answered with the screen's size alone; the picture is then still due.
            incremental = 1
            while self._message() != _UPDATE:
                pass

    def _message(self) -> int:
        kind = self._read(1)[0]
        if kind == _UPDATE:
            for _ in range(struct.unpack(">xH", self._read(3))[0]):
                self._rectangle()
        elif kind == _CUT_TEXT:
            self.cut_text = self._read(struct.unpack(">3xI", self._read(7))[0]).decode("latin-1")
        else:
            assert kind == _BELL, f"unexpected message {kind}"
        return kind

    def _rectangle(self) -> None:
        x, y, width, height, encoding = struct.unpack(">HHHHi", self._read(12))
        if encoding == _RAW:
            self._painted = True
            row = width * _BYTES
            data = self._read(row * height)
            for line in range(height):
                start = ((y + line) * self.width + x) * _BYTES
                self.pixels[start : start + row] = data[line * row : (line + 1) * row]
            return
        assert encoding in (_DESKTOP_SIZE, _EXTENDED_DESKTOP_SIZE), f"unexpected encoding {encoding}"
        if encoding == _EXTENDED_DESKTOP_SIZE:
            self._read(3 + 16 * self._read(1)[0])
        if (width, height) != (self.width, self.height):
            self.width, self.height = width, height
            self.pixels = bytearray(width * height * _BYTES)

    def wait_until(self, holds: Callable[["RfbClient"], bool], seconds: float = 30) -> bool:
        """Fetches the picture until something holds; whether it did."""
        end = time.monotonic() + seconds
        while True:
            self.refresh()
            if holds(self):
                return True
            if time.monotonic() > end:
                return False
            time.sleep(0.1)

    def colours(self) -> int:
        """How many different colours the picture has."""
        return len(set(memoryview(bytes(self.pixels)).cast("I")))

    def pixel(self, x: int, y: int) -> tuple[int, int, int]:
        """Red, green and blue of one pixel."""
        start = (y * self.width + x) * _BYTES
        blue, green, red = self.pixels[start : start + 3]
        return red, green, blue

    def press(self, *keys: int) -> None:
        """Keys pressed together."""
        for key in keys:
            self._write(struct.pack(">BBxxI", 4, 1, key))
        for key in reversed(keys):
            self._write(struct.pack(">BBxxI", 4, 0, key))

    def type(self, text: str) -> None:
        for character in text:
            self.press(ENTER if character == "\n" else ord(character))

    def click(self, x: int, y: int, times: int = 1) -> None:
        for _ in range(times):
            for buttons in (1, 0):
                self._write(struct.pack(">BBHH", 5, buttons, x, y))

    def cut(self, text: str) -> None:
        """Puts `text` on the session's clipboard, if the session accepts it."""
        self._write(struct.pack(">B3xI", 6, len(text)) + text.encode("latin-1"))

    def resize(self, width: int, height: int) -> None:
        """Asks for another screen size, as a browser window does that is resized."""
        self._write(struct.pack(">BxHHBxIHHHHI", 251, width, height, 1, 0, 0, 0, width, height, 0))

    def save(self, path: Path) -> None:
        """The picture as PNG, for people to look at."""
        rows = bytearray()
        for line in range(self.height):
            row = self.pixels[line * self.width * _BYTES : (line + 1) * self.width * _BYTES]
            colours = bytearray(self.width * 3)
            colours[0::3], colours[1::3], colours[2::3] = row[2::4], row[1::4], row[0::4]
            rows += b"\0" + colours

        def chunk(kind: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(rows))), chunk(b"IEND", b"")
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
