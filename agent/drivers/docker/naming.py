"""Names and labels of what the driver makes. Names are for people; identity is in the labels.

Invariants (tests/unit/drivers): names derive from ids alone; no two ids share one; Docker accepts them;
bridges fit the kernel's 15 characters, firewall chains iptables' 28, and socket paths `sun_path`.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from pydantic import ValidationError

from chalicelib.protocol.instances import InstanceFacts, InstanceSpec, InstanceState

CONTROLLER = "streamspace.controller"
TENANT = "streamspace.tenant"
SESSION = "streamspace.session"
INCARNATION = "streamspace.incarnation"
PROTOCOL = "streamspace.protocol"
PORT = "streamspace.port"
NETWORK = "streamspace.network"
CPU_MILLIS = "streamspace.cpu-millis"
MEMORY_BYTES = "streamspace.memory-bytes"

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


def home_labels(controller_id: str, tenant_id: str, session_id: str) -> dict[str, str]:
    return {CONTROLLER: controller_id, TENANT: tenant_id, SESSION: session_id}


def container_labels(controller_id: str, spec: InstanceSpec, kind: NetworkKind) -> dict[str, str]:
    """All that the driver must know again after a restart without asking twice."""
    labels = home_labels(controller_id, spec.tenant_id, spec.session_id) | {
        INCARNATION: str(spec.incarnation),
        PROTOCOL: spec.protocol,
        NETWORK: kind,
        CPU_MILLIS: str(spec.resources.cpu_millis),
        MEMORY_BYTES: str(spec.resources.memory_bytes),
    }
    return labels if spec.port is None else labels | {PORT: str(spec.port)}


def facts(
    labels: Mapping[str, str], state: InstanceState, exit_code: int | None = None
) -> InstanceFacts | None:
    """What the labels say; None if they are not ours to read (someone else's, or damaged)."""
    try:
        return InstanceFacts(
            tenant_id=labels[TENANT],
            session_id=labels[SESSION],
            incarnation=int(labels[INCARNATION]),
            state=state,
            exit_code=exit_code,
        )
    except (KeyError, ValueError, ValidationError):
        return None
