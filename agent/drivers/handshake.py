"""Proof that an instance answers its protocol: the version exchange of RFB, or HTTP 2xx/3xx.

Each probe is one attempt: True (it answered), or False (not yet). Waiting is the caller's (`waiting.py`).
"""

import http.client
import os
import socket
import stat
from pathlib import Path

RFB_VERSION = b"RFB 003.008\n"
_GREETING = 12


def connect_unix(path: Path, timeout: float) -> socket.socket:
    """Connect to a socket in a directory that a session's user can write to.

    A symbolic link in its place is refused: it could lead to any socket that the agent may open, another
    session's included. The socket is pinned by an O_PATH descriptor first, so it cannot be exchanged between
    the check and the connection. Raises OSError.
    """
    pinned = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not stat.S_ISSOCK(os.fstat(pinned).st_mode):
            raise ConnectionRefusedError(f"{path} is not a socket")
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(timeout)
            connection.connect(f"/proc/self/fd/{pinned}")
        except OSError:
            connection.close()
            raise
        return connection
    finally:
        os.close(pinned)


def rfb_answers(path: Path, timeout: float = 2.0) -> bool:
    """Exchange versions and read the list of security types (RFC 6143 §7.1.1, §7.1.2)."""
    try:
        with connect_unix(path, timeout) as connection:
            greeting = _read(connection, _GREETING)
            if not (greeting.startswith(b"RFB ") and greeting.endswith(b"\n")):
                return False
            connection.sendall(RFB_VERSION)
            return _read(connection, 1) != b"\0"  # zero types means refusal
    except OSError:
        return False


def http_answers(host: str, port: int, timeout: float = 2.0) -> bool:
    """GET / gives 2xx or 3xx."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", "/")
        return 200 <= connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _read(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = connection.recv(count - len(data))
        if not chunk:
            raise ConnectionResetError("closed during the handshake")
        data += chunk
    return data
