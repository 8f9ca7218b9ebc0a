"""Names of what the driver makes, for people; identity is in the labels (`labels.py`).

Invariants (tests/unit/drivers): names derive from ids alone; no two ids share one; Docker accepts them;
bridges fit the kernel's 15 characters, firewall chains iptables' 28, and socket paths `sun_path`.
"""

import hashlib
from enum import StrEnum
from pathlib import Path

from agent.drivers.labels import PORT, instance_labels
from chalicelib.protocol.instances import InstanceSpec

NETWORK = "streamspace.network"

SOCKET = "rfb.sock"
PASSWORD = "vnc-password"  # noqa: S105 - a file's name
MAX_SOCKET_PATH = 107
"""`sun_path` holds 108 bytes with its terminating NUL (unix(7))."""


class NetworkKind(StrEnum):
    """Which network a container joins. `none`: loopback alone. `inner`: the host can reach the instance and
    nothing can be reached from it (HTTP apps without internet). `internet`: outbound only."""

    NONE = "none"
    INNER = "inner"
    INTERNET = "internet"


def container_name(session_id: str, incarnation: int) -> str:
    return f"streamspace-{session_id}-{incarnation}"


def home_name(session_id: str) -> str:
    return f"streamspace-home-{session_id}"


def network_name(controller_id: str, kind: NetworkKind) -> str:
    return f"streamspace-{controller_id}" + ("" if kind is NetworkKind.INTERNET else f"-{kind}")


def bridge_name(controller_id: str, kind: NetworkKind) -> str:
    """The network's bridge on the host, named so that firewall rules can precede it."""
    digest = hashlib.blake2s(controller_id.encode(), digest_size=5).hexdigest()
    return f"ss{'o' if kind is NetworkKind.INTERNET else 'i'}-{digest}"


def session_directory(run_dir: Path, controller_id: str, session_id: str) -> Path:
    """The host's side of `/streamspace`. Raises ValueError if a socket in it would have too long a path."""
    directory = run_dir / controller_id / session_id
    if len(bytes(directory / SOCKET)) > MAX_SOCKET_PATH:
        raise ValueError(
            f"{directory}/{SOCKET} is longer than {MAX_SOCKET_PATH} bytes, the limit of a unix socket"
        )
    return directory


def container_labels(controller_id: str, spec: InstanceSpec, kind: NetworkKind) -> dict[str, str]:
    found = instance_labels(controller_id, spec) | {NETWORK: kind}
    return found if spec.port is None else found | {PORT: str(spec.port)}
