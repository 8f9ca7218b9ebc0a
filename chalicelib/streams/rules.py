"""What a viewer may do, and where the stream is opened."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from chalicelib.protocol.streams import StreamPermissions, logs_path, stream_path

Protocol = Literal["vnc", "http"]
NOTHING = StreamPermissions(control=False, clipboard_in=False, clipboard_out=False)
"""What who reads a log may do to the instance."""


@dataclass(frozen=True)
class Instance:
    """What a ticket is for: one session's instance, on the controller that has it."""

    tenant_id: str
    session_id: str
    controller_id: str
    incarnation: int


@dataclass(frozen=True)
class Streamed:
    """What is streamed: a running instance and what its template's policy lets viewers do."""

    instance: Instance
    protocol: Protocol
    policy: StreamPermissions


@dataclass(frozen=True)
class Wish:
    """What the client asks for; None leaves it to the policy."""

    control: bool | None = None
    clipboard_in: bool | None = None
    clipboard_out: bool | None = None


def permit(policy: StreamPermissions, wish: Wish) -> StreamPermissions:
    """A client may ask for less than the policy gives, never for more. Who only watches changes nothing, so
    neither its clipboard nor its files go in."""
    control = policy.control and wish.control is not False
    return StreamPermissions(
        control=control,
        clipboard_in=control and policy.clipboard_in and wish.clipboard_in is not False,
        clipboard_out=policy.clipboard_out and wish.clipboard_out is not False,
        files_up=control and policy.files_up,
        files_down=policy.files_down,
    )


def relay_urls(configured: tuple[str, ...], origin: str) -> tuple[str, ...]:
    """The configured relays; else the host that we were called at, which then splices streams itself."""
    return configured or (websocket_origin(origin),)


def websocket_origin(origin: str) -> str:
    """`https://host` -> `wss://host`, `http://host` -> `ws://host`."""
    return f"ws{origin.removeprefix('http')}"


def pick_relay(urls: tuple[str, ...], session_id: str) -> str:
    """Gateways wait at all relays; viewers of one session meet at the same one (ids end in random bits)."""
    return urls[sum(session_id.encode()) % len(urls)]


def stream_url(base: str, instance: Instance, protocol: Protocol) -> str:
    """Where a client opens the stream: a WebSocket for VNC, a page for an HTTP application."""
    path = stream_path(instance.controller_id, instance.session_id)
    if protocol == "vnc":
        return f"{base}{path}"
    return f"http{base.removeprefix('ws')}{path}/"


def logs_url(base: str, instance: Instance) -> str:
    """Where a client reads the log, by a WebSocket."""
    return f"{base}{logs_path(instance.controller_id, instance.session_id)}"


def is_direct(gateway_url: str | None) -> bool:
    """Whether an agent named an address at which browsers reach its gateway: `wss://host[:port]`, no more."""
    if not gateway_url:
        return False
    try:
        parts = urlsplit(gateway_url)
    except ValueError:
        return False
    bare = parts.path in ("", "/") and not parts.query and not parts.fragment and "@" not in parts.netloc
    return parts.scheme in ("ws", "wss") and bool(parts.hostname) and bare
