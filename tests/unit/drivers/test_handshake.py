"""The RFB version exchange against peers that keep to it, and peers that do not."""

import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.drivers.handshake import connect_unix, http_answers, rfb_answers


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "rfb.sock"


def serve(path: Path, behave: Callable[[socket.socket], None]) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def run() -> None:
        with listener, listener.accept()[0] as peer:
            behave(peer)

    threading.Thread(target=run, daemon=True).start()


def test_a_server_that_keeps_to_the_protocol(path: Path) -> None:
    heard: list[bytes] = []

    def behave(peer: socket.socket) -> None:
        peer.sendall(b"RFB 003")
        peer.sendall(b".008\n")
        heard.append(peer.recv(12))
        peer.sendall(b"\x01\x02")

    serve(path, behave)
    assert rfb_answers(path)
    assert heard == [b"RFB 003.008\n"]


@pytest.mark.parametrize(
    "said", [b"", b"RFB", b"HTTP/1.1 400", b"RFB 003.008\n", b"RFB 003.008\n\x00"], ids=repr
)
def test_servers_that_do_not(path: Path, said: bytes) -> None:
    serve(path, lambda peer: peer.sendall(said))
    assert not rfb_answers(path, timeout=0.5)


def test_nothing_there(path: Path) -> None:
    assert not rfb_answers(path)
    path.write_text("a file")
    assert not rfb_answers(path)


def test_a_stale_socket_answers_nothing(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(path))
    assert not rfb_answers(path)


def test_links_are_not_followed(path: Path) -> None:
    serve(path, lambda peer: peer.sendall(b"RFB 003.008\n"))
    link = path.with_name("link")
    link.symlink_to(path)
    with pytest.raises(OSError, match=r"not a socket|symbolic"):
        connect_unix(link, 1.0)


@pytest.mark.parametrize(("status", "expected"), [(200, True), (302, True), (404, False), (500, False)])
def test_http(status: int, expected: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            with listener.accept()[0] as peer:
                peer.recv(1024)
                peer.sendall(f"HTTP/1.0 {status} x\r\nContent-Length: 0\r\n\r\n".encode())

        threading.Thread(target=run, daemon=True).start()
        assert http_answers("127.0.0.1", listener.getsockname()[1]) is expected


def test_http_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert not http_answers("127.0.0.1", port)
