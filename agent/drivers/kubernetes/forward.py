"""A way to sessions from outside the cluster: one local socket per session, whose connections are spliced
onto port-forwards by the API server.

`kubernetes.stream.portforward` (37.0.1) is not used. Read critically: what one side sends faster than the
other takes piles up in memory without bound, and is copied anew for each piece sent; what is still to be
delivered when either side closes is thrown away; `select` fails for good once the process has 1,024 files
open; one thread per connection; and any surprise on the wire ends that thread with its sockets left open.
Here all connections share one thread and an event loop, and each direction holds at most a few pieces.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from agent.drivers.base import DriverError
from agent.drivers.kubernetes.channel import Channels
from agent.drivers.kubernetes.cluster import Cluster
from agent.drivers.kubernetes.errors import temporary
from agent.drivers.kubernetes.kinds import Kind
from agent.drivers.kubernetes.splicing import PIECE, hang_up, splice

log = logging.getLogger(__name__)

CALL = 20.0
"""Seconds for anything that is asked of the loop."""
T = TypeVar("T")


@dataclass
class _Listener:
    """One session's socket. `node` is its inode: another process may have put its own at the same path."""

    path: Path
    pod: str
    port: int
    server: asyncio.Server
    node: int
    busy: set[asyncio.Task[None]]
    """Its connections."""

    def stands(self, pod: str, port: int) -> bool:
        try:
            return (self.pod, self.port) == (pod, port) and os.lstat(self.path).st_ino == self.node
        except OSError:
            return False

    def close(self) -> None:
        self.server.close()
        for task in self.busy:
            task.cancel()
        with contextlib.suppress(OSError):
            if os.lstat(self.path).st_ino == self.node:
                self.path.unlink()


class Forwards:
    """Thread-safe. Nothing is kept that could not be made again: after a restart of the agent the next
    `open` listens anew, at the same path. Of two agents on one host the later listens; either way leads to
    the same session, and the other's connections stay."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster = cluster
        self._folder = folder
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        # Below: touched by the loop's thread alone.
        self._listeners: dict[str, _Listener] = {}
        self._refusals: dict[str, DriverError] = {}
        self._changing = asyncio.Lock()
        self._channels = Channels(cluster.caller)

    def open(self, session_id: str, pod: str, port: int) -> Path:
        """The path of a socket that leads to this pod's port, listening. Connections to another pod of the
        session, from before, are cut. Raises DriverError."""
        return self._run(self._listen(session_id, pod, port))

    def refusal(self, session_id: str) -> DriverError | None:
        """Why the cluster does not let the agent through to this session, if the last connection to it met
        that."""
        return self._refusals.get(session_id)

    def forget(self, session_id: str) -> None:
        """The session is gone: stop listening, cut what is left."""
        with self._lock:
            if self._loop is None:
                return
        self._run(self._drop(session_id))

    def close(self) -> None:
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        with contextlib.suppress(Exception):
            asyncio.run_coroutine_threadsafe(self._end(), loop).result(CALL)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(CALL)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        with self._lock:
            if self._closed:
                work.close()
                raise temporary("platform_unavailable", "The agent is closing its connections.")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_serve_loop, args=(self._loop,), name="forwards", daemon=True
                )
                self._thread.start()
            loop = self._loop
        try:
            return asyncio.run_coroutine_threadsafe(work, loop).result(CALL)
        except OSError as error:
            raise temporary(
                "platform_error", f"The agent cannot listen in {self._folder}: {error}"
            ) from error

    # the loop's thread

    async def _listen(self, session_id: str, pod: str, port: int) -> Path:
        async with self._changing:
            return await self._listen_alone(session_id, pod, port)

    async def _listen_alone(self, session_id: str, pod: str, port: int) -> Path:
        standing = self._listeners.get(session_id)
        if standing is not None and standing.stands(pod, port):
            return standing.path
        path = self._folder / f"{session_id}.sock"
        sock, fresh = _bind(path)
        busy: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._serve(session_id, pod, port, reader, writer))
            busy.add(task)
            task.add_done_callback(busy.discard)

        server = await asyncio.start_unix_server(accept, sock=sock, limit=PIECE)
        node = os.lstat(fresh).st_ino
        fresh.replace(path)
        self._listeners[session_id] = _Listener(path, pod, port, server, node, busy)
        if standing is not None:
            standing.close()
        return path

    async def _drop(self, session_id: str) -> None:
        async with self._changing:
            listener = self._listeners.pop(session_id, None)
            self._refusals.pop(session_id, None)
            if listener is not None:
                listener.close()

    async def _end(self) -> None:
        tasks = [task for listener in self._listeners.values() for task in listener.busy]
        for session_id in list(self._listeners):
            await self._drop(session_id)
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._channels.close()

    async def _serve(
        self,
        session_id: str,
        pod: str,
        port: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """One connection, from its beginning to its end."""
        path = Kind.POD.path(self._cluster.namespace, pod, "portforward")
        try:
            channel = await self._channels.open(path, port)
            self._refusals.pop(session_id, None)
            try:
                await splice(reader, writer, channel)
            finally:
                await hang_up(channel)
        except DriverError as error:
            if error.reason.code == "platform_unauthorized":
                self._refusals[session_id] = error
            log.warning("forwarding to %s: %s", pod, error)
        except (OSError, aiohttp.ClientError) as error:
            log.debug("forwarding to %s ended: %r", pod, error)  # a handshake that was tried is hung up
        finally:
            writer.transport.abort()


def _serve_loop(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


def _bind(path: Path) -> tuple[socket.socket, Path]:
    """A socket that only this user may connect to, under a name of its own: it is moved to `path` once it
    listens, so that nobody finds one there that does not. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    fresh = path.with_name(f".{secrets.token_hex(4)}")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(str(fresh))
        fresh.chmod(0o600)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        fresh.unlink(missing_ok=True)
        raise
    return sock, fresh
