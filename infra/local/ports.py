"""Whether the stack's ports are free, and who holds them if not."""

import os
import socket
from pathlib import Path

from infra.local.settings import Settings


class PortBusyError(Exception):
    """Says which port, who holds it and what to do."""


def check(settings: Settings) -> None:
    """Raises PortBusyError."""
    inner = {settings.emulator_port, settings.api_port, settings.push_port}
    for host, port in [(settings.bind, settings.port), *(("127.0.0.1", each) for each in sorted(inner))]:
        if not _free(host, port):
            holder = holder_of(port)
            raise PortBusyError(
                f"Port {port} is taken{f' by {holder}' if holder else ''}. Stop that program, or choose "
                f"another port: make up STREAMSPACE_PORT={settings.port + 1000}"
            )


def _free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def holder_of(port: int) -> str:
    """Name and process id of whoever listens on it, as far as /proc lets us see."""
    inodes = {
        fields[9]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in _lines(table)
        if (fields := line.split())[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port
    }
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and inodes & _sockets(process):
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            return f"process {process.name} ({command.strip()[:60]})"
    return ""


def _lines(table: str) -> list[str]:
    path = Path(table)
    return path.read_text().splitlines()[1:] if path.exists() else []


def _sockets(process: Path) -> set[str]:
    found = set()
    try:
        for descriptor in (process / "fd").iterdir():
            target = os.readlink(descriptor)
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:  # not ours to see, or gone
        return found
    return found
