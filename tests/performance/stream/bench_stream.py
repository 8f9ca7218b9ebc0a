"""What each hop costs a stream: `run()` measures them one after the other, so that ratios hold.

    direct          client <- source, plain TCP
    relay_plain     client <- relay <- source: a WebSocket of the application behind the relay
    gateway         client <- gateway <- source: one hop, RFB over WebSocket
    relay_gateway   client <- relay <- gateway <- source: what a browser outside gets

Source, relay and gateway are processes of their own; the client is blocking sockets, so that it is never
the slowest part. Run as a script it prints one JSON line.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop
from joserfc import jwt
from joserfc.jwk import OKPKey

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from agent.drivers.base import Endpoint  # noqa: E402
from agent.stream.address import Address  # noqa: E402
from agent.stream.dial import RelayDialler  # noqa: E402
from agent.stream.gateway import Gateway  # noqa: E402
from agent.stream.keys import Keys  # noqa: E402
from chalicelib.protocol.agents import RelayAccess  # noqa: E402

CONTROLLER = "ctl-01kb0000000000000000000001"
SESSION = "ses-01kb0000000000000000000001"
TENANT = "ten-01kb0000000000000000000001"
BLOCK = bytes(64 * 1024)
PING_ANSWER = bytes(64)
MESSAGE = 10
"""An update request (type 3): its last four bytes say how many blocks to send, none for a ping."""


def run(megabytes: int = 300, pings: int = 1000, rounds: int = 4) -> dict[str, Any]:
    """Throughput in MB/s and round trips in µs (p50) of every path, and their ratio to `direct`.

    The paths take turns and the best round of each counts, because other work on the machine only ever makes
    a round worse.
    """
    with tempfile.TemporaryDirectory(prefix="stream-bench-") as directory:
        bench = _Bench(Path(directory))
        try:
            bench.start()
            paths = {
                "direct": bench.direct,
                "relay_plain": bench.relay_plain,
                "gateway": bench.gateway,
                "relay_gateway": bench.relay_gateway,
            }
            speeds: dict[str, list[float]] = {name: [] for name in paths}
            times: dict[str, list[float]] = {name: [] for name in paths}
            for name, connect in list(paths.items()) * rounds:
                client = connect()
                speeds[name].append(client.throughput(megabytes))
                times[name].append(client.ping(pings))
                client.close()
        finally:
            bench.stop()
    best = max(speeds["direct"])
    return {
        name: {
            "mb_per_s": round(max(speeds[name])),
            "of_direct": round(max(speeds[name]) / best, 2),
            "ping_p50_us": round(min(times[name])),
        }
        for name in paths
    }


class Client:
    """One connection; frames are unwrapped if it is a WebSocket that carries RFB."""

    def __init__(self, sock: socket.socket, *, framed: bool) -> None:
        self._sock = sock
        self._framed = framed
        self._buffer = memoryview(bytearray(1 << 20))
        self._left = 0

    def throughput(self, megabytes: int) -> float:
        blocks = megabytes * 1_000_000 // len(BLOCK)
        began = time.perf_counter()
        self._ask(blocks)
        self._read(blocks * len(BLOCK))
        return blocks * len(BLOCK) / 1e6 / (time.perf_counter() - began)

    def ping(self, count: int) -> float:
        times = []
        for _ in range(count):
            began = time.perf_counter()
            self._ask(0)
            self._read(len(PING_ANSWER))
            times.append(time.perf_counter() - began)
        return statistics.median(times) * 1e6

    def close(self) -> None:
        self._sock.close()

    def send(self, data: bytes) -> None:
        """A masked frame; a mask of zeros leaves the bytes as they are."""
        self._sock.sendall(bytes([0x82, 0x80 | len(data)]) + bytes(4) + data if self._framed else data)

    def _ask(self, blocks: int) -> None:
        self.send(struct.pack("!B5xI", 3, blocks))

    def _read(self, count: int) -> None:
        while count:
            if self._framed and not self._left:
                self._left = self._frame()
                continue
            most = min(count, len(self._buffer), self._left if self._framed else count)
            got = self._sock.recv_into(self._buffer[:most])
            if not got:
                raise ConnectionError("closed")
            count -= got
            self._left -= got if self._framed else 0

    def skip(self, count: int) -> None:
        self._read(count)

    def _frame(self) -> int:
        """Length of the next binary frame; control frames and text are passed over."""
        while True:
            kind, size = self._exactly(2)
            if size >= 126:
                size = int.from_bytes(self._exactly(2 if size == 126 else 8), "big")
            if kind == 0x82:
                return size
            self._exactly(size)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += self._sock.recv(count - len(data))
        return data


class _Bench:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._key = OKPKey.generate_key("Ed25519", {"kid": "bench"}, private=True)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ports = {name: _free_port() for name in ("source", "relay", "gateway")}

    def start(self) -> None:
        for part in ("relay", "gateway"):
            (self._directory / part).mkdir()
            keys = {"keys": [dict(self._key.as_dict(private=False))]}
            (self._directory / part / "jwks.json").write_text(json.dumps(keys))
        grant = {"iss": "streamspace", "aud": "streamspace-relay", "tenant": TENANT, "controller": CONTROLLER}
        (self._directory / "grant").write_text(self._sign(grant, 3600))
        self._spawn(
            __file__, "--part", "source", "--directory", str(self._directory), self._listens("source")
        )
        self._spawn(
            "-m",
            "agent.stream.relay",
            *("--listen", f"127.0.0.1:{self._ports['relay']}", "--jwks", "http://127.0.0.1:1/"),
            *("--upstream", f"127.0.0.1:{self._ports['source']}", "--state", str(self._directory / "relay")),
        )
        ports = (self._listens("gateway"), f"--relay={self._ports['relay']}")
        self._spawn(__file__, "--part", "gateway", "--directory", str(self._directory), *ports)
        for port in self._ports.values():
            _wait_for(port)
        time.sleep(0.5)  # the dialler parks

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(10)

    def direct(self) -> Client:
        return Client(_connect(self._ports["source"]), framed=False)

    def relay_plain(self) -> Client:
        client = Client(_connect(self._ports["relay"]), framed=False)
        client.send(_upgrade("/plain", ""))
        _answer(client)
        return client

    def gateway(self) -> Client:
        return self._stream(self._ports["gateway"])

    def relay_gateway(self) -> Client:
        return self._stream(self._ports["relay"])

    def _stream(self, port: int) -> Client:
        now = time.time_ns()
        ticket = {
            "iss": "streamspace",
            "aud": f"streamspace-gateway:{CONTROLLER}",
            "sub": "usr-01kb0000000000000000000001",
            "jti": str(now),
            "tenant": TENANT,
            "session": SESSION,
            "controller": CONTROLLER,
            "incarnation": 1,
            "protocol": "vnc",
            "permissions": {},
        }
        client = Client(_connect(port), framed=False)
        path = f"/stream/{CONTROLLER}/{SESSION}"
        client.send(_upgrade(path, f"Sec-WebSocket-Protocol: binary, ticket.{self._sign(ticket, 60)}\r\n"))
        _answer(client)
        client._framed = True
        client.skip(12)
        client.send(b"RFB 003.008\n")
        client.skip(2)
        client.send(b"\x01")
        client.skip(4)
        client.send(b"\x01")
        return client

    def _sign(self, claims: dict[str, Any], life: int) -> str:
        now = int(time.time())
        times = {"iat": now, "exp": now + life}
        return jwt.encode(
            {"alg": "EdDSA", "kid": "bench"}, {**claims, **times}, self._key, algorithms=["EdDSA"]
        )

    def _listens(self, part: str) -> str:
        return f"--port={self._ports[part]}"

    def _spawn(self, *arguments: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._processes.append(
            subprocess.Popen([sys.executable, *arguments], env=environment, stderr=subprocess.DEVNULL)
        )


def _upgrade(path: str, fields: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{fields}\r\n"
    ).encode()


def _answer(client: Client) -> None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client._exactly(1)
    if not head.startswith(b"HTTP/1.1 101"):
        raise ConnectionError(head.decode())


def _connect(port: int) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            _connect(port).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing listens at {port}")


# The parts that run as processes


def _source(port: int, path: str) -> None:
    """Answers messages at once: on TCP bare or behind an HTTP upgrade, on the unix socket behind RFB."""
    with socket.create_server(("127.0.0.1", port)) as plain, socket.socket(socket.AF_UNIX) as rfb:
        rfb.bind(path)
        rfb.listen()
        for listener, greeting in ((plain, _no_greeting), (rfb, _rfb_greeting)):
            threading.Thread(target=_accept, args=(listener, greeting), daemon=True).start()
        threading.Event().wait()


def _accept(listener: socket.socket, greeting: Any) -> None:
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=_serve, args=(sock, greeting), daemon=True).start()


def _serve(sock: socket.socket, greeting: Any) -> None:
    with sock:
        if sock.family is socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            data = greeting(sock)
            while True:
                while len(data) < MESSAGE:
                    more = sock.recv(4096)
                    if not more:
                        return
                    data += more
                (blocks,) = struct.unpack_from("!I", data, 6)
                data = data[MESSAGE:]
                for _ in range(blocks):
                    sock.sendall(BLOCK)
                if not blocks:
                    sock.sendall(PING_ANSWER)
        except OSError:
            return


def _no_greeting(sock: socket.socket) -> bytes:
    data = sock.recv(65536)
    if not data.startswith(b"GET"):
        return data
    sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    return b""


def _rfb_greeting(sock: socket.socket) -> bytes:
    sock.sendall(b"RFB 003.008\n")
    sock.recv(12)
    sock.sendall(b"\x01\x01")
    sock.recv(1)
    sock.sendall(bytes(4))
    sock.recv(1)
    return b""


async def _gateway(port: int, relay: int, directory: Path, source: str) -> None:
    keys = Keys(lambda: None, directory / "gateway" / "jwks.json")
    gateway = Gateway(
        CONTROLLER,
        lambda _: Endpoint(socket_path=source),
        keys,
        directory / "gateway",
        logs=lambda _session, _lines: None,
        listen=Address(host="127.0.0.1", port=port),
    )
    await gateway.start()
    access = RelayAccess(
        urls=(f"ws://127.0.0.1:{relay}",),
        grant=(directory / "grant").read_text(),
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )
    dialler = RelayDialler(gateway.accept, lambda: access)
    await dialler.start()
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=["source", "gateway"], help="(used internally)")
    parser.add_argument("--directory", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--relay", type=int, default=0)
    parser.add_argument("--megabytes", type=int, default=300)
    given = parser.parse_args()
    if given.part == "source":
        _source(given.port, str(given.directory / "source.sock"))
    elif given.part == "gateway":
        source = str(given.directory / "source.sock")
        uvloop.run(_gateway(given.port, given.relay, given.directory, source))
    else:
        print(json.dumps(run(given.megabytes)))


if __name__ == "__main__":
    main()
