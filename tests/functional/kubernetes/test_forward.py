"""Forwarded connections against a server that speaks `v4.channel.k8s.io` as a cluster does."""

import asyncio
import contextlib
import hashlib
import os
import secrets
import socket
import stat
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiohttp import WSMsgType, web

from agent.drivers.base import PermanentError
from agent.drivers.kubernetes.cluster import Cluster
from agent.drivers.kubernetes.forward import Forwards
from tests.functional.kubernetes.scripted_api import ScriptedApi, status

SESSION = "ses-01k9zzzzzzzzzzzzzzzzzzzzzz"
Behaviour = Callable[[web.WebSocketResponse], Awaitable[None]]


class Pods:
    """What the API server does with the connections, and what it saw."""

    def __init__(self) -> None:
        self.behaviour: Behaviour = echo
        self.asked: list[str] = []
        self.taken = 0
        self.open = 0
        self.token: str | None = None

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        if self.token is not None and request.headers["Authorization"] != f"Bearer {self.token}":
            return status(401, "Unauthorized")()
        if "absent" in request.path:
            return status(404, 'pods "absent" not found', "NotFound")()
        channel = web.WebSocketResponse(protocols=("v4.channel.k8s.io",), max_msg_size=0)
        await channel.prepare(request)
        assert channel.ws_protocol == "v4.channel.k8s.io"
        port = int(request.query["ports"]).to_bytes(2, "little")
        self.open += 1
        try:
            await channel.send_bytes(b"\0" + port)
            await channel.send_bytes(b"\1" + port)
            await self.behaviour(channel)
            await channel.close()
        finally:
            self.open -= 1
        return channel


async def echo(channel: web.WebSocketResponse) -> None:
    async for message in channel:
        assert message.type is WSMsgType.BINARY
        assert message.data[0] == 0
        assert len(message.data) <= 32 * 1024 + 1
        await channel.send_bytes(message.data)


@pytest.fixture
def pods(api: ScriptedApi) -> Pods:
    made = Pods()
    api.handler = made
    return made


@pytest.fixture
def forwards(cluster: Cluster, pods: Pods, tmp_path: Path) -> Iterator[Forwards]:
    made = Forwards(cluster, tmp_path / "run" / "ctl")
    yield made
    made.close()


def connect(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(20)
    sock.connect(str(path))
    return sock


def read_all(sock: socket.socket, pieces: int = 65536) -> bytes:
    found = bytearray()
    while piece := sock.recv(pieces):
        found += piece
    return bytes(found)


def read_exactly(sock: socket.socket, count: int, pieces: int = 65536) -> bytes:
    found = bytearray()
    while len(found) < count:
        piece = sock.recv(min(pieces, count - len(found)))
        assert piece, f"ended after {len(found)} of {count}"
        found += piece
    return bytes(found)


def eventually(check: Callable[[], object], most: float = 5.0) -> None:
    deadline = time.monotonic() + most
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_socket_is_private_and_leads_to_the_port(forwards: Forwards, pods: Pods) -> None:
    path = forwards.open(SESSION, "pod-0", 5900)
    assert path.name == f"{SESSION}.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with connect(path) as sock:
        sock.sendall(b"hello")
        assert read_exactly(sock, 5) == b"hello"
    assert pods.asked == ["/api/v1/namespaces/sessions/pods/pod-0/portforward?ports=5900"]
    assert forwards.open(SESSION, "pod-0", 5900) == path
    eventually(lambda: pods.open == 0)


@pytest.mark.parametrize("pieces", [7, 1500, 65536])
def test_bytes_arrive_whole_whatever_the_size_of_reads(forwards: Forwards, pods: Pods, pieces: int) -> None:
    size = 300_000 if pieces == 7 else 12_000_000
    data = secrets.token_bytes(size)
    path = forwards.open(SESSION, "pod-0", 5900)
    with connect(path) as sock, ThreadPoolExecutor(1) as threads:
        sending = threads.submit(sock.sendall, data)
        got = read_exactly(sock, size, pieces)
        sending.result(20)
    assert hashlib.sha256(got).digest() == hashlib.sha256(data).digest()


def test_many_connections_at_once(forwards: Forwards, pods: Pods) -> None:
    path = forwards.open(SESSION, "pod-0", 5900)

    def one(number: int) -> bool:
        data = bytes([number]) * 500_000
        with connect(path) as sock, ThreadPoolExecutor(1) as threads:
            sending = threads.submit(sock.sendall, data)
            got = read_exactly(sock, len(data), 5000)
            sending.result(20)
        return got == data

    before = threading.active_count()
    with ThreadPoolExecutor(30) as threads:
        assert all(threads.map(one, range(60)))
    eventually(lambda: pods.open == 0)
    assert threading.active_count() - before <= 6


def test_slow_reader_holds_the_sender_back(forwards: Forwards, pods: Pods) -> None:
    """What a session sends must not pile up in the agent while its viewer does not read."""
    sent = 0

    async def pour(channel: web.WebSocketResponse) -> None:
        nonlocal sent
        for _ in range(4000):
            await channel.send_bytes(b"\0" + b"x" * 32768)
            sent += 32768

    pods.behaviour = pour
    path = forwards.open(SESSION, "pod-0", 5900)
    with connect(path) as sock:
        eventually(lambda: sent > 0)
        time.sleep(1.5)
        held = sent
        time.sleep(0.5)
        assert sent == held
        assert held < 16 * 2**20
        assert len(read_all(sock)) == 4000 * 32768


def test_slow_session_holds_the_client_back(forwards: Forwards, pods: Pods) -> None:
    reading = threading.Event()
    got = 0

    async def lazy(channel: web.WebSocketResponse) -> None:
        nonlocal got
        channel._reader._protocol.pause_reading()  # type: ignore[union-attr]
        await asyncio.to_thread(reading.wait, 10)
        channel._reader._protocol.resume_reading()  # type: ignore[union-attr]
        async for message in channel:
            got += len(message.data) - 1
            if got >= total:
                return

    pods.behaviour = lazy
    path = forwards.open(SESSION, "pod-0", 5900)
    total = 0
    with connect(path) as sock:
        sock.settimeout(1.0)
        while total < 2**27:
            try:
                total += sock.send(b"y" * 65536)
            except TimeoutError:
                break
        assert total < 32 * 2**20
        reading.set()
        assert read_all(sock) == b""
    assert got == total


@pytest.mark.parametrize("way", ["close", "drop"])
def test_what_was_sent_last_is_delivered(forwards: Forwards, pods: Pods, way: str) -> None:
    """A session that sends and ends at once, to a client that reads late and goes on sending. The sizes fill
    one buffer after the other of those on the way."""
    size = 0

    async def last_words(channel: web.WebSocketResponse) -> None:
        for _ in range(size // 5000):
            await channel.send_bytes(b"\0" + b"z" * 5000)
        if way == "drop":
            assert channel._req is not None
            assert channel._req.transport is not None
            channel._req.transport.close()

    def late(path: Path) -> int:
        with connect(path) as sock:
            time.sleep(0.2)
            for _ in range(5):
                with contextlib.suppress(OSError):
                    sock.sendall(b"q" * 1000)
                time.sleep(0.02)
            return len(read_all(sock))

    pods.behaviour = last_words
    path = forwards.open(SESSION, "pod-0", 5900)
    for size in range(200_000, 420_000, 20_000):
        assert late(path) == size


def test_client_that_stopped_sending_still_reads(forwards: Forwards, pods: Pods) -> None:
    async def answer_late(channel: web.WebSocketResponse) -> None:
        message = await channel.receive()
        await asyncio.sleep(1.5)
        await channel.send_bytes(b"\0late " + message.data[1:])

    pods.behaviour = answer_late
    with connect(forwards.open(SESSION, "pod-0", 80)) as sock:
        sock.sendall(b"request")
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock) == b"late request"


def test_client_that_left_is_gone_from_the_cluster_too(forwards: Forwards, pods: Pods) -> None:
    sock = connect(forwards.open(SESSION, "pod-0", 5900))
    sock.sendall(b"x")
    read_exactly(sock, 1)
    assert pods.open == 1
    sock.close()
    eventually(lambda: pods.open == 0, 2)


def test_session_that_ends_it_ends_the_client(forwards: Forwards, pods: Pods) -> None:
    async def end(channel: web.WebSocketResponse) -> None:
        await channel.receive()

    pods.behaviour = end
    with connect(forwards.open(SESSION, "pod-0", 5900)) as sock:
        sock.sendall(b"x")
        assert read_all(sock) == b""


def test_port_that_nobody_listens_on_ends_the_client(forwards: Forwards, pods: Pods) -> None:
    async def refuse(channel: web.WebSocketResponse) -> None:
        await channel.send_bytes(b"\1error forwarding port 5900: connection refused")
        await channel.receive()

    pods.behaviour = refuse
    with connect(forwards.open(SESSION, "pod-0", 5900)) as sock:
        assert read_all(sock) == b""
    eventually(lambda: pods.open == 0)


def test_api_server_that_dies_ends_the_client(api: ScriptedApi, forwards: Forwards, pods: Pods) -> None:
    path = forwards.open(SESSION, "pod-0", 5900)
    with connect(path) as sock:
        sock.sendall(b"x")
        read_exactly(sock, 1)
        api.stop()
        assert read_all(sock) == b""
    with connect(path) as sock:
        assert read_all(sock) == b""
    api.start()
    with connect(path) as sock:
        sock.sendall(b"x")
        assert read_exactly(sock, 1) == b"x"


def test_pod_that_is_not_there_ends_the_client(forwards: Forwards) -> None:
    with connect(forwards.open(SESSION, "absent", 5900)) as sock:
        assert read_all(sock) == b""


def test_new_token_is_read(forwards: Forwards, pods: Pods, tmp_path: Path) -> None:
    path = forwards.open(SESSION, "pod-0", 5900)
    with connect(path) as sock:
        sock.sendall(b"x")
        read_exactly(sock, 1)
    pods.token = "second"
    (tmp_path / "token").write_text("second")
    with connect(path) as sock:
        sock.sendall(b"x")
        assert read_exactly(sock, 1) == b"x"


def test_next_instance_replaces_the_last(forwards: Forwards, pods: Pods) -> None:
    path = forwards.open(SESSION, "pod-1-0", 5900)
    with connect(path) as old:
        old.sendall(b"x")
        read_exactly(old, 1)
        assert forwards.open(SESSION, "pod-2-0", 5900) == path
        assert read_all(old) == b""
    with connect(path) as sock:
        sock.sendall(b"x")
        read_exactly(sock, 1)
    assert "pod-2-0" in pods.asked[-1]


def test_asked_for_by_many_at_once_it_listens_once(forwards: Forwards) -> None:
    with ThreadPoolExecutor(20) as threads:
        found = set(threads.map(lambda _: forwards.open(SESSION, "pod-0", 5900), range(60)))
    assert len(found) == 1
    assert len(forwards._listeners) == 1
    with connect(found.pop()) as sock:
        sock.sendall(b"x")
        assert read_exactly(sock, 1) == b"x"


def test_two_agents_on_one_host_do_not_harm_each_other(
    forwards: Forwards, cluster: Cluster, tmp_path: Path
) -> None:
    path = forwards.open(SESSION, "pod-0", 5900)
    other = Forwards(cluster, path.parent)
    with connect(path) as first:
        assert other.open(SESSION, "pod-0", 5900) == path
        with connect(path) as second:
            for sock in (first, second):
                sock.sendall(b"x")
                assert read_exactly(sock, 1) == b"x"
    forwards.close()
    with connect(path) as sock:  # the other's socket stays
        sock.sendall(b"x")
        assert read_exactly(sock, 1) == b"x"
    other.close()
    assert not path.exists()


def test_after_a_crash_it_listens_anew(forwards: Forwards, tmp_path: Path) -> None:
    folder = tmp_path / "run" / "ctl"
    folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / f"{SESSION}.sock"))
    with connect(forwards.open(SESSION, "pod-0", 5900)) as sock:
        sock.sendall(b"x")
        assert read_exactly(sock, 1) == b"x"
    assert os.listdir(folder) == [f"{SESSION}.sock"]


def test_forgotten_session_is_not_listened_for(forwards: Forwards, pods: Pods) -> None:
    path = forwards.open(SESSION, "pod-0", 5900)
    with connect(path) as sock:
        sock.sendall(b"x")
        read_exactly(sock, 1)
        forwards.forget(SESSION)
        assert read_all(sock) == b""
    assert not path.exists()
    forwards.forget(SESSION)
    eventually(lambda: pods.open == 0)


def test_close_leaves_nothing(forwards: Forwards, pods: Pods) -> None:
    path = forwards.open(SESSION, "pod-0", 5900)
    with connect(path) as sock:
        sock.sendall(b"x")
        read_exactly(sock, 1)
        forwards.close()
        assert read_all(sock) == b""
    assert not path.exists()
    assert not [thread for thread in threading.enumerate() if thread.name == "forwards"]
    eventually(lambda: pods.open == 0)
    with pytest.raises(Exception, match="closing"):
        forwards.open(SESSION, "pod-0", 5900)


def test_folder_that_cannot_be_made_is_said(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    forwards = Forwards(cluster, tmp_path / "file" / "ctl")
    with pytest.raises(Exception, match="platform_error"):
        forwards.open(SESSION, "pod-0", 5900)
    forwards.close()


def test_idle_connections_cost_no_cpu(forwards: Forwards, pods: Pods) -> None:
    path = forwards.open(SESSION, "pod-0", 5900)
    socks = [connect(path) for _ in range(25)]
    for sock in socks:
        sock.sendall(b"x")
        read_exactly(sock, 1)
    before = time.process_time()
    time.sleep(2)
    assert time.process_time() - before < 0.2
    for sock in socks:
        sock.close()


def test_forbidden_is_logged_with_the_missing_right(
    forwards: Forwards, api: ScriptedApi, caplog: pytest.LogCaptureFixture
) -> None:
    async def forbidden(_request: web.Request) -> web.StreamResponse:
        return status(403, "pods is forbidden", "Forbidden")()

    api.handler = forbidden
    with connect(forwards.open(SESSION, "pod-0", 5900)) as sock:
        assert read_all(sock) == b""
    assert "portforward" in caplog.text
    assert PermanentError.__name__ not in caplog.text
