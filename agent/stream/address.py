"""Where something listens: `unix:/path` or `host:port`."""

import asyncio
import ssl
from dataclasses import dataclass
from typing import TypeVar

from agent.stream.pump import End

AnyEnd = TypeVar("AnyEnd", bound=End)
UNIX_PATH_LIMIT = 107
"""Bytes that fit into `sockaddr_un` on Linux, less the terminating zero."""


@dataclass(frozen=True)
class Address:
    path: str | None = None
    host: str | None = None
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Raises ValueError for anything but `unix:/path`, `host:port` and `[v6]:port`."""
        if text.startswith("unix:"):
            return cls(path=text.removeprefix("unix:"))
        host, colon, port = text.rpartition(":")
        if not colon or not port.isdigit() or int(port) > 65535:
            raise ValueError(f"not an address (host:port or unix:/path): {text}")
        return cls(host=host.strip("[]") or None, port=int(port))

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix:{self.path}"
        host = self.host or "*"
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


async def connect(
    address: Address,
    end: AnyEnd,
    *,
    tls: ssl.SSLContext | None = None,
    timeout: float = 5.0,  # noqa: ASYNC109 - part of what "connect" means here
) -> AnyEnd:
    """Connect `end`. Raises OSError (TimeoutError among them) when nobody answers."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout):
        if address.path is not None:
            await loop.create_unix_connection(lambda: end, address.path)
        else:
            await loop.create_connection(lambda: end, address.host or "localhost", address.port, ssl=tls)
    return end
