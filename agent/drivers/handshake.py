"""Proof that an instance answers its protocol: the version exchange of RFB, or HTTP 2xx/3xx.

Each probe is one attempt: True (it answered), or False (not yet). Waiting is the caller's (`waiting.py`).
"""

import http.client
import os
import socket
import stat
from collections.abc import Callable
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
    """Whether RFB answers on a unix socket."""
    return _rfb_answers(lambda: connect_unix(path, timeout))


def rfb_answers_at(host: str, port: int, timeout: float = 2.0) -> bool:
    """Whether RFB answers at a TCP address."""
    return _rfb_answers(lambda: socket.create_connection((host, port), timeout))


def http_answers(host: str, port: int, timeout: float = 2.0) -> bool:
    """GET / gives 2xx or 3xx."""
    return _http_answers(http.client.HTTPConnection(host, port, timeout=timeout))


def http_answers_on(path: Path, timeout: float = 2.0) -> bool:
    """The same on a unix socket."""
    connection = http.client.HTTPConnection("localhost", timeout=timeout)
    try:
        connection.sock = connect_unix(path, timeout)
    except OSError:
        return False
    return _http_answers(connection)


def _rfb_answers(connect: Callable[[], socket.socket]) -> bool:
    """Exchange versions and read the list of security types (RFC 6143 §7.1.1, §7.1.2)."""
    try:
        with connect() as connection:
            greeting = _read(connection, _GREETING)
            if not (greeting.startswith(b"RFB ") and greeting.endswith(b"\n")):
                return False
            connection.sendall(RFB_VERSION)
            return _read(connection, 1) != b"\0"  # zero types means refusal
    except OSError:
        return False


def _http_answers(connection: http.client.HTTPConnection) -> bool:
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
