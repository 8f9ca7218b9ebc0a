"""The two RFB handshakes (RFC 6143 §7.1): as a client of the instance, as a server of the browser.

Both end before ClientInit's answer: ServerInit and all that follows pass through untouched.
"""

import asyncio
import re
import socket
import struct
from collections.abc import Awaitable, Callable

from agent.stream.gateway import vnc_auth
from agent.stream.gateway.endings import BAD_DATA, Closed, Ending

VERSION = b"RFB 003.008\n"
CLIENT_INIT = b"\x01"
"""Always shared: a viewer must never throw out the others."""
_NONE, _VNC_AUTH = 1, 2
_VERSION = re.compile(rb"RFB (\d{3})\.(\d{3})\n")

Read = Callable[[int], Awaitable[bytes]]
"""Exactly so many bytes."""
Write = Callable[[bytes], Awaitable[None]]


class HandshakeFailed(Exception):
    """The instance did not go through with it. Wrong passwords included: the driver's copy may be old."""


async def greet_instance(sock: socket.socket, password: str | None) -> None:
    """Version and security with an instance; what is left is ClientInit. Raises HandshakeFailed, OSError."""
    loop = asyncio.get_running_loop()

    async def read(count: int) -> bytes:
        return await _read_exactly(sock, count)

    if _VERSION.fullmatch(await read(12)) is None:
        raise HandshakeFailed("not an RFB server")
    await loop.sock_sendall(sock, VERSION)
    offered = await read((await read(1))[0])
    if not offered:
        raise HandshakeFailed(f"refused: {await _reason(read)}")
    if password is not None and _VNC_AUTH in offered:
        await loop.sock_sendall(sock, bytes([_VNC_AUTH]))
        answer = vnc_auth.response(password, await read(vnc_auth.CHALLENGE))
        await loop.sock_sendall(sock, answer)
    elif password is None and _NONE in offered:
        await loop.sock_sendall(sock, bytes([_NONE]))
    else:
        raise HandshakeFailed(f"no security type in common (offered {list(offered)})")
    if struct.unpack("!I", await read(4))[0] != 0:
        raise HandshakeFailed(f"password refused: {await _reason(read)}")


async def greet_client(read: Read, write: Write) -> None:
    """The server's side up to and including ClientInit, without a password: the ticket was better.
    Raises Closed."""
    await write(VERSION)
    match = _VERSION.fullmatch(await read(12))
    if match is None or match.group(1) != b"003":
        raise Closed(Ending(BAD_DATA, "Not an RFB client."))
    minor = int(match.group(2))
    if minor >= 7:
        await write(bytes([1, _NONE]))
        if await read(1) != bytes([_NONE]):
            raise Closed(Ending(BAD_DATA, "That security type was not offered."))
        if minor >= 8:
            await write(struct.pack("!I", 0))
    else:
        await write(struct.pack("!I", _NONE))
    await read(1)


async def _read_exactly(sock: socket.socket, count: int) -> bytes:
    loop, data = asyncio.get_running_loop(), b""
    while len(data) < count:
        more = await loop.sock_recv(sock, count - len(data))
        if not more:
            raise HandshakeFailed("the instance closed the connection")
        data += more
    return data


async def _reason(read: Read) -> str:
    length = struct.unpack("!I", await read(4))[0]
    return (await read(min(length, 1024))).decode("utf-8", "replace")
