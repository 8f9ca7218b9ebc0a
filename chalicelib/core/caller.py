"""Who calls: what every kind of caller has in common."""

from dataclasses import dataclass, field
from typing import Protocol


class Caller(Protocol):
    """A user, an API key or an agent, after authentication."""

    @property
    def tenant_id(self) -> str: ...

    @property
    def permissions(self) -> frozenset[str]: ...

    @property
    def actor(self) -> str:
        """Who acts, as the audit log names it: a user's id, an agent's, nothing for nobody in particular."""

    @property
    def via(self) -> str:
        """What the caller showed: `sign-in:<id>`, `api-key:<id>`, `agent-key:<id>`, or nothing."""


@dataclass(frozen=True)
class Anonymous:
    """Nobody in particular: routes that are open to all."""

    tenant_id: str = ""
    permissions: frozenset[str] = field(default_factory=frozenset)
    actor: str = ""
    via: str = ""


@dataclass(frozen=True)
class Incoming:
    """A request as authenticators see it. Header names are lower case; `path` is what the client asked for,
    less stage or base path; `host` is the Host header as it came."""

    method: str
    path: str
    host: str
    scheme: str
    headers: dict[str, str]
    query: dict[str, list[str]]
    body: bytes
    source_ip: str
    request_id: str

    @property
    def origin(self) -> str:
        """`https://host` as the client sees us."""
        return f"{self.scheme}://{self.host}"

    def cookie(self, name: str) -> str | None:
        """A cookie's value, if the client sent one."""
        for part in self.headers.get("cookie", "").split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                return value
        return None
