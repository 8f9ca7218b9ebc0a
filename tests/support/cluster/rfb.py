"""What answers inside an instance: RFB as far as a session's first screen (RFC 6143 §7.1 to §7.3, with VNC
authentication), or a page over HTTP.
"""

import asyncio
import contextlib
import os
import struct

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

WIDTH, HEIGHT, NAME = 1280, 800, b"StreamSpace"
_FORMAT = struct.pack(">BBBBHHHBBBxxx", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)


def response(challenge: bytes, password: bytes) -> bytes:
    """DES of the challenge, the password's bits reversed as VNC has it. Three equal keys make DES of 3DES."""
    key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in password[:8].ljust(8, b"\0"))
    encryptor = Cipher(TripleDES(key * 3), modes.ECB()).encryptor()
    return encryptor.update(challenge) + encryptor.finalize()


async def serve_rfb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, password: bytes) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        writer.write(b"RFB 003.008\n")
        await reader.readexactly(12)
        writer.write(b"\x01\x02")
        await reader.readexactly(1)
        challenge = os.urandom(16)
        writer.write(challenge)
        if await reader.readexactly(16) != response(challenge, password):
            why = b"Authentication failed"
            writer.write(struct.pack(">II", 1, len(why)) + why)
            await writer.drain()
            return
        writer.write(struct.pack(">I", 0))
        await reader.readexactly(1)
        writer.write(struct.pack(">HH", WIDTH, HEIGHT) + _FORMAT + struct.pack(">I", len(NAME)) + NAME)
        await writer.drain()
        while await reader.read(4096):
            pass


async def serve_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()
