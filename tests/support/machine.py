"""Another machine, as far as an agent can tell, made of this one's kernel.

Process, mount, network, host-name and IPC namespaces of its own; `/run`, `/opt`, `/var/lib` and `/etc/docker`
of its own, in memory, and so a Docker daemon with its own identity, images and socket at the usual place. One
cable leads to this machine, its only route; its firewall drops every connection that comes in. Needs root.

Everything that runs there ends with its first process; its mounts and its end of the cable go with that.
"""

import os
import random
import signal
import subprocess
from pathlib import Path

from tests.support.stack import wait_until

_BOOT = """
set -e
hostname second-machine
mkdir -p /etc/docker  # holds the daemon's identity
for each in /run /opt /etc/docker /var/lib; do mount -t tmpfs -o mode=0755 second-machine "$each"; done
mkdir /run/lock /run/sys
mount -t sysfs second-machine /run/sys  # which shows the network interfaces of this machine
mount --rbind /sys/fs/cgroup /run/sys/fs/cgroup
mount --move /run/sys /sys
touch /run/booted
# As the first process: collect those whose parents have gone.
while :; do sleep 600 & wait; done
"""
_FIREWALL = """*filter
:INPUT DROP [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -j DROP
COMMIT
"""
_LISTENING = {"tcp": "0A", "udp": "07"}
"""States in /proc/net: LISTEN, and a datagram socket without a peer."""


class Machine:
    """`host_address` is this machine's end of the cable, known at once: a stack may be told to listen there
    before the machine is started. `folder` gets its logs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Of the range for tests of networks (RFC 2544): in nobody's routing table.
        subnet = f"198.18.{random.randrange(256)}.{random.randrange(64) * 4}"
        start, _, last = subnet.rpartition(".")
        self.host_address, self.address = (f"{start}.{int(last) + each}" for each in (1, 2))
        self._cable = f"vm{os.getpid()}"
        self._unshare: subprocess.Popen[bytes] | None = None
        self.docker: subprocess.Popen[bytes] | None = None
        self.first = 0
        self.environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
        }

    def start(self) -> None:
        """Namespaces, cable and firewall."""
        if os.geteuid() != 0:
            raise PermissionError("A second machine is made of namespaces: run this test as root.")
        ends_with_us = ("setpriv", "--pdeathsig", "KILL")
        kinds = ("--mount", "--mount-proc", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child")
        with (self._folder / "boot.log").open("wb") as log:
            self._unshare = subprocess.Popen(
                [*ends_with_us, "unshare", *kinds, "sh", "-c", _BOOT],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
            )
        self.first = int(wait_until(self._child, 10))
        wait_until(lambda: self._answers("test", "-e", "/run/booted"), 10)
        cable = self._cable
        _run("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", str(self.first))
        _run("ip", "address", "add", f"{self.host_address}/30", "dev", cable)
        _run("ip", "link", "set", cable, "up")
        self.run("ip", "address", "add", f"{self.address}/30", "dev", "eth0")
        for each in ("lo", "eth0"):
            self.run("ip", "link", "set", each, "up")
        self.run("iptables-restore", text=_FIREWALL.encode())

    def start_docker(self) -> None:
        """Its own daemon, with nothing but defaults. Raises RuntimeError with its last words if it ends."""
        path = self._folder / "dockerd.log"
        with path.open("ab") as log:
            docker = subprocess.Popen(
                self.inside("dockerd"), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.docker = docker

        def up() -> bool:
            if docker.poll() is not None:
                raise RuntimeError(f"dockerd ended:\n{path.read_text()[-4000:]}")
            return self._answers("docker", "info")

        wait_until(up, 60, every=0.3)

    def copy_image(self, image: str) -> None:
        """From this machine's daemon to that one's."""
        with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saving:
            subprocess.run(self.inside("docker", "load", "--quiet"), stdin=saving.stdout, check=True)

    def run(self, *command: str, text: bytes | None = None, seconds: float = 60) -> str:
        """What the command printed. Raises AssertionError with it if the command failed."""
        return _run(*self.inside(*command), text=text, seconds=seconds)

    def listeners(self) -> list[str]:
        """Sockets that wait for somebody on another address than loopback, as /proc writes them."""
        found = []
        for name, state in _LISTENING.items():
            for family in ("", "6"):
                lines = Path(f"/proc/{self.first}/net/{name}{family}").read_text().splitlines()[1:]
                for local, _, seen in (line.split()[1:4] for line in lines):
                    if seen == state and not _is_loopback(local):
                        found.append(f"{name}{family} {local}")
        return found

    def knocks(self) -> int:
        """How many packets the firewall dropped that asked for a connection."""
        lines = self.run("iptables-save", "-c", "-t", "filter").splitlines()
        [count] = [line for line in lines if line.endswith("-A INPUT -p tcp -j DROP")]
        return int(count[1:].split(":")[0])

    def logs(self) -> str:
        """The ends of the daemon's and the agent's logs."""
        agent = Path(f"/proc/{self.first}/root/var/lib/streamspace-agent/agent.log")
        paths = (self._folder / "boot.log", self._folder / "dockerd.log", agent)
        texts = {path.name: path.read_text(errors="replace") for path in paths if path.exists()}
        return "\n".join(f"--- {name}\n{text[-4000:]}" for name, text in texts.items())

    def close(self) -> None:
        """Switch it off. Containers first, so that their control groups go."""
        if self._unshare is None:
            return
        if self.first and self._answers("docker", "info"):
            self.run("sh", "-c", "docker ps -aq | xargs -r docker rm -f")
        subprocess.run(["ip", "link", "delete", self._cable], capture_output=True, check=False)
        if self.first:
            os.kill(self.first, signal.SIGKILL)
        self._unshare.wait(30)

    def _child(self) -> str:
        assert self._unshare is not None
        pid = self._unshare.pid
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().strip()

    def inside(self, *command: str) -> list[str]:
        """The command line that runs it there."""
        where = ("--mount", "--net", "--uts", "--ipc", "--pid", "--wd=/")
        settings = [f"{name}={value}" for name, value in self.environment.items()]
        return ["nsenter", "--target", str(self.first), *where, "env", "-i", *settings, *command]

    def _answers(self, *command: str) -> bool:
        return subprocess.run(self.inside(*command), capture_output=True, check=False).returncode == 0


def _run(*command: str, text: bytes | None = None, seconds: float = 60) -> str:
    done = subprocess.run(
        command, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, check=False
    )
    output = done.stdout.decode(errors="replace")
    assert done.returncode == 0, f"{' '.join(command)}: {output}"
    return output


def _is_loopback(local: str) -> bool:
    """An address of /proc/net: words of four bytes, each in the machine's byte order."""
    address = local.partition(":")[0]
    return address.endswith("7F") if len(address) == 8 else address == "0" * 24 + "01000000"
