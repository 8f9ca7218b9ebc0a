"""A way to sessions from outside the cluster: one local socket per session, whose connections are spliced
onto port-forwards by the API server.

`kubernetes.stream.portforward` (37.0.1) is not used. Read critically: what one side sends faster than the
other takes piles up in memory without bound, and is copied anew for each piece sent; what is still to be
delivered when either side closes is thrown away; `select` fails for good once the process has 1,024 files
open; one thread per connection; and any surprise on the wire ends that thread with its sockets left open.
Here all connections share one thread and an event loop, and each direction holds at most a few pieces.

The wire (subprotocol `v4.channel.k8s.io`): binary messages, whose first byte says the channel: 0 data, 1 the
cluster's words for what went wrong. The first message of each carries the port, as two bytes. There is no way
to say "I have sent all": a client that only stopped sending keeps the connection until the session ends it.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import select
import socket
import ssl
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from kubernetes.client import ApiClient
from kubernetes.client.rest import should_bypass_proxies

from agent.drivers.base import DriverError
from agent.drivers.kubernetes.cluster import Cluster
from agent.drivers.kubernetes.errors import Refusal, no_access, plain, refused, temporary, unavailable
from agent.drivers.kubernetes.kinds import Kind

log = logging.getLogger(__name__)

PROTOCOL = "v4.channel.k8s.io"
DATA, ERROR = 0, 1
PIECE = 32 * 1024
"""Bytes that one message carries: what the cluster's own side uses."""
DIAL = 15.0
"""Seconds until a forwarded connection stands, or is given up."""
PING = 25.0
"""Seconds. Only so that what lies between keeps the connection; no answer is asked for, since one waits
behind the data of a viewer who reads slowly."""
LAST_WORDS = 30.0
"""Seconds that a client may take to read what the session sent before it ended, and to leave."""
HALF_CLOSED = 1.0
"""Seconds between two looks at whether a client that stopped sending still listens."""
CALL = 20.0
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
        self._changing = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None
        self._tls: tuple[ApiClient, ssl.SSLContext | bool] | None = None

    def open(self, session_id: str, pod: str, port: int) -> Path:
        """The path of a socket that leads to this pod's port, listening. Connections to another pod of the
        session, from before, are cut. Raises DriverError."""
        return self._run(self._listen(session_id, pod, port))

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
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL)
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
            task = asyncio.create_task(self._serve(pod, port, reader, writer))
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
            if listener is not None:
                listener.close()

    async def _end(self) -> None:
        tasks = [task for listener in self._listeners.values() for task in listener.busy]
        for session_id in list(self._listeners):
            await self._drop(session_id)
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _serve(
        self, pod: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """One connection, from its beginning to its end."""
        try:
            channel = await self._dial(pod, port)
            try:
                await _splice(reader, writer, channel)
            finally:
                await _hang_up(channel)
        except DriverError as error:
            log.warning("forwarding to %s: %s", pod, error)
        except (OSError, aiohttp.ClientError) as error:
            log.info("forwarding to %s ended: %r", pod, error)
        finally:
            writer.transport.abort()

    async def _dial(self, pod: str, port: int) -> aiohttp.ClientWebSocketResponse:
        """Raises DriverError."""
        refused_client: ApiClient | None = None
        for last in (False, True):
            # Credentials may be read from files, or made by a program.
            client, url, headers = await asyncio.to_thread(_request, self._cluster, refused_client, pod, port)
            try:
                async with asyncio.timeout(DIAL):
                    return await self._connect(client, url, headers)
            except aiohttp.WSServerHandshakeError as error:
                if error.status == 401 and not last:
                    refused_client = client
                    continue
                refusal = Refusal(status=error.status, message=plain(error.message))
                raise refused(refusal, "get pods/portforward", self._cluster.address) from error
            except (OSError, aiohttp.ClientError) as error:
                raise unavailable(self._cluster.address, error) from error
        raise AssertionError

    async def _connect(
        self, client: ApiClient, url: str, headers: dict[str, str]
    ) -> aiohttp.ClientWebSocketResponse:
        configuration = client.configuration
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        if self._tls is None or self._tls[0] is not client:
            self._tls = (client, await asyncio.to_thread(_tls, configuration))
        proxy = configuration.proxy
        if proxy and should_bypass_proxies(configuration.host, configuration.no_proxy or ""):
            proxy = None
        return await self._session.ws_connect(
            url,
            headers=headers,
            protocols=(PROTOCOL,),
            ssl=self._tls[1],
            server_hostname=configuration.tls_server_name,
            proxy=proxy,
            proxy_headers=configuration.proxy_headers,
            autoping=True,
        )


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


def _request(
    cluster: Cluster, refused: ApiClient | None, pod: str, port: int
) -> tuple[ApiClient, str, dict[str, str]]:
    """Raises DriverError."""
    client = cluster.client(refused)
    path = Kind.POD.path(cluster.namespace, pod, "portforward")
    try:
        _, url, headers, *_ = client.param_serialize(
            "GET", path, None, [("ports", str(port))], {}, auth_settings=["BearerToken"]
        )
    except Exception as error:  # whatever a credential plugin or a token file may do
        raise no_access(error) from error
    return client, url, headers


def _tls(configuration: Any) -> ssl.SSLContext | bool:
    """The same trust that the client's own connections have."""
    if not configuration.host.startswith("https"):
        return True
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert, cadata=configuration.ca_cert_data)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif configuration.assert_hostname is False:
        context.check_hostname = False
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context


async def _splice(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, channel: aiohttp.ClientWebSocketResponse
) -> None:
    """Until either side ends. Each direction waits for its receiver before it takes the next piece."""
    up = asyncio.create_task(_upwards(reader, writer, channel))
    down = asyncio.create_task(_downwards(writer, channel))
    keep = asyncio.create_task(_keep(writer, channel))
    tasks = {up, down, keep}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if down in done and down.exception() is None:
            done, _ = await asyncio.wait({up, keep}, timeout=LAST_WORDS, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _upwards(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, channel: aiohttp.ClientWebSocketResponse
) -> None:
    """Ends when the client is gone; one that has only stopped sending may go on reading."""
    while piece := await reader.read(PIECE):
        # Once the session has ended it, what its client still sends is for nobody; what it was sent is on its
        # way down.
        with contextlib.suppress(OSError, aiohttp.ClientError):
            await channel.send_bytes(b"\0" + piece)
    while not _gone(writer):  # noqa: ASYNC110 - the loop has no event for this
        await asyncio.sleep(HALF_CLOSED)


async def _downwards(writer: asyncio.StreamWriter, channel: aiohttp.ClientWebSocketResponse) -> None:
    """Ends when the session, or the cluster, ended the connection; the client hears of it when it has read
    everything."""
    begun: set[int] = set()
    async for message in channel:
        if message.type is not aiohttp.WSMsgType.BINARY or not message.data:
            raise aiohttp.ClientPayloadError(f"not a forwarded port: {message.type.name}")
        number = message.data[0]
        if number not in begun:
            begun.add(number)
        elif number == DATA:
            writer.write(memoryview(message.data)[1:])
            await writer.drain()
        elif number == ERROR:
            log.info(
                "the cluster ends a forwarded connection: %s",
                plain(bytes(message.data[1:]).decode(errors="replace")),
            )
            break
    writer.write_eof()


async def _keep(writer: asyncio.StreamWriter, channel: aiohttp.ClientWebSocketResponse) -> None:
    """Ends when the client is gone, which nobody else sees while both directions stand still."""
    while not _gone(writer):
        await asyncio.sleep(PING)
        with contextlib.suppress(OSError, aiohttp.ClientError):
            async with asyncio.timeout(PING):
                await channel.ping()


async def _hang_up(channel: aiohttp.ClientWebSocketResponse) -> None:
    with contextlib.suppress(OSError, aiohttp.ClientError, TimeoutError):
        async with asyncio.timeout(2.0):
            await channel.close()


def _gone(writer: asyncio.StreamWriter) -> bool:
    """Whether the client closed both ways (a unix socket says so), and not only its own."""
    handle = writer.transport.get_extra_info("socket")
    if writer.transport.is_closing() or handle is None or handle.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(handle.fileno(), 0)
    return any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0))
