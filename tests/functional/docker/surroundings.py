"""The surroundings of a Docker host, on one machine: a network namespace that plays a neighbour on a private
and on a link-local address (as cloud metadata is) and a server on the internet, and services on the host.
"""

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.contract.drivers import tiny_image

PORT = 7007
PUBLIC, HOST_SIDE = "198.51.100.2", "198.51.100.1"  # a range for documentation (RFC 5737)
PRIVATE = "10.213.7.2"
LINK_LOCAL = "169.254.213.7"
SERVE = (
    "import socketserver, sys\n"
    "class H(socketserver.BaseRequestHandler):\n"
    "    def handle(self): self.request.sendall(sys.argv[3].encode())\n"
    "socketserver.ThreadingTCPServer.allow_reuse_address = True\n"
    "with socketserver.ThreadingTCPServer((sys.argv[1], int(sys.argv[2])), H) as s: s.serve_forever()\n"
)


def sh(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


@dataclass
class Surroundings:
    """Everything answers on `PORT`."""

    namespace: str = field(default_factory=lambda: f"ss{secrets.token_hex(3)}")
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _containers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        outer, inner = f"{self.namespace}o", f"{self.namespace}i"
        sh("ip", "netns", "add", self.namespace)
        sh("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", self.namespace)
        sh("ip", "addr", "add", f"{HOST_SIDE}/32", "dev", outer)
        sh("ip", "link", "set", outer, "up")
        within = ("ip", "-n", self.namespace)
        sh(*within, "link", "set", inner, "up")
        for address in (PUBLIC, PRIVATE, LINK_LOCAL):
            sh(*within, "addr", "add", f"{address}/32", "dev", inner)
            sh("ip", "route", "add", f"{address}/32", "dev", outer)
        sh(*within, "route", "add", f"{HOST_SIDE}/32", "dev", inner)
        sh(*within, "route", "add", "default", "via", HOST_SIDE, "dev", inner)
        self._serve("0.0.0.0", "neighbour", within=("ip", "netns", "exec", self.namespace))
        self._serve("0.0.0.0", "host")
        self._await(HOST_SIDE)
        self._await(PUBLIC)

    def published(self) -> str:
        """Someone else's container on the default bridge, published on a port of the host; its address."""
        name = f"{self.namespace}-published"
        self._containers.append(name)
        command = ["/usr/bin/perl", "/usr/bin/listen", str(PORT), "published"]
        sh("docker", "run", "-d", "--name", name, "-p", f"{PORT + 1}:{PORT}", tiny_image.IMAGE, *command)
        return sh("docker", "inspect", "-f", "{{.NetworkSettings.IPAddress}}", name).strip()

    def unprotected(self, host: str, port: int) -> str:
        """What an ordinary container on the default bridge reaches: the measure for all that follows."""
        return sh(
            "docker", "run", "--rm", tiny_image.IMAGE, "/usr/bin/perl", "/usr/bin/reach", host, str(port)
        )

    def host_addresses(self) -> list[str]:
        """All IPv4 addresses of the host but loopback, bridges' gateways included."""
        listed = sh("ip", "-4", "-o", "addr", "show").splitlines()
        found = [line.split()[3].split("/")[0] for line in listed]
        return [address for address in found if not address.startswith("127.")]

    def close(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()
        for name in self._containers:
            subprocess.run(["docker", "rm", "-fv", name], capture_output=True, check=False)
        subprocess.run(["ip", "link", "del", f"{self.namespace}o"], capture_output=True, check=False)
        sh("ip", "netns", "del", self.namespace)

    def _serve(self, address: str, text: str, within: Sequence[str] = ()) -> None:
        command = [*within, sys.executable, "-c", SERVE, address, str(PORT), text]
        self._running.append(subprocess.Popen(command, cwd=Path(__file__).parent))

    def _await(self, address: str) -> None:
        for _ in range(100):
            if answers(address, PORT):
                return
            time.sleep(0.05)
        raise TimeoutError(f"nothing answers at {address}:{PORT}")
