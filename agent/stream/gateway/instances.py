"""Finding an instance and connecting to it.

Where an instance is, the driver says; asking may block on its platform, so it happens in threads, once for
all who ask at the same time, and the answer is kept for a few seconds. Nothing outlives a restart.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import socket
import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from agent.drivers.base import Endpoint
from agent.stream.gateway import rfb
from agent.stream.gateway.endings import PLATFORM_SILENT, SILENT, Closed

log = logging.getLogger(__name__)
KEEP = 5.0
"""Seconds that an endpoint is taken for granted."""
ASK_TIMEOUT = 10.0
CONNECT_TIMEOUT = 5.0
HANDSHAKE_TIMEOUT = 10.0
THREADS = 8
"""A platform that hangs must not take the process's other threads with it."""


class Instances:
    def __init__(self, endpoints: Callable[[str], Endpoint | None]) -> None:
        self._endpoints = endpoints
        self._threads = ThreadPoolExecutor(THREADS, "stream-endpoints")
        self._kept: dict[str, tuple[float, Endpoint]] = {}
        self._asking: dict[str, asyncio.Task[Endpoint | None]] = {}

    async def find(self, session: str, *, fresh: bool = False) -> Endpoint | None:
        """Where the session's instance is; None if it does not run. Raises Closed if the platform does not
        answer."""
        kept = self._kept.get(session)
        if kept is not None and not fresh and time.monotonic() - kept[0] < KEEP:
            return kept[1]
        task = self._asking.get(session)
        if task is None:
            task = asyncio.create_task(self._ask(session), name=f"endpoint of {session}")
            self._asking[session] = task
            task.add_done_callback(lambda _: self._asking.pop(session, None))
        try:
            return await asyncio.shield(task)
        except Exception as error:
            log.warning("endpoint of %s: %r", session, error)
            raise Closed(PLATFORM_SILENT) from error

    async def open(self, session: str, endpoint: Endpoint) -> socket.socket:
        """A connection whose security handshake is done. Raises Closed. The caller closes it."""
        try:
            return await self._connect(endpoint)
        except (OSError, rfb.HandshakeFailed) as error:
            log.warning("instance of %s does not answer: %r", session, error)
            self._kept.pop(session, None)
            raise Closed(SILENT) from error

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, session: str) -> Endpoint | None:
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._endpoints, session)
        async with asyncio.timeout(ASK_TIMEOUT):
            endpoint = await work
        if endpoint is None:
            self._kept.pop(session, None)
        else:
            self._kept[session] = (time.monotonic(), endpoint)
        return endpoint

    async def _connect(self, endpoint: Endpoint) -> socket.socket:
        loop = asyncio.get_running_loop()
        with contextlib.ExitStack() as undo:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                if endpoint.socket_path is not None:
                    sock = undo.enter_context(socket.socket(socket.AF_UNIX))
                    sock.setblocking(False)
                    handle = _open_socket_file(endpoint.socket_path)
                    try:
                        await loop.sock_connect(sock, f"/proc/self/fd/{handle}")
                    finally:
                        os.close(handle)
                else:
                    # Instances have addresses, not names: nothing is looked up here.
                    family = socket.AF_INET6 if ":" in str(endpoint.host) else socket.AF_INET
                    sock = undo.enter_context(socket.socket(family))
                    sock.setblocking(False)
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    await loop.sock_connect(sock, (endpoint.host, endpoint.port))
            async with asyncio.timeout(HANDSHAKE_TIMEOUT):
                await rfb.greet_instance(sock, endpoint.password)
            undo.pop_all()
            return sock


def fingerprint(endpoint: Endpoint) -> str:
    """Tells instances apart without giving the password away."""
    parts = (endpoint.socket_path, endpoint.host, endpoint.port, endpoint.password)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _open_socket_file(path: str) -> int:
    """A handle on the socket itself. The directory belongs to the session's user, who could put a link to
    some other socket there; connecting through the handle leaves no moment for a swap. Raises OSError."""
    handle = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISSOCK(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(f"{path} is not a socket")
    return handle
