"""The refresh cookie, and which requests may use it.

It is HttpOnly, SameSite=Strict and sent to `/v1/auth` alone; over TLS its name says that no plain-text page
and no sibling host without TLS can have set it. What SameSite leaves open, sibling subdomains, the origin
check closes: a browser says where a request comes from.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from chalicelib.core.caller import Incoming
from chalicelib.core.errors import Forbidden

_NAME = "streamspace_refresh"
_PATH = "/v1/auth"
_OWN_SITES = frozenset({"same-origin", "none"})
"""`none` is a request that no page made."""


@dataclass(frozen=True)
class RefreshCookie:
    """How this deployment keeps it; `lifetime` in seconds, `origin` is the public URL's."""

    secure: bool
    lifetime: int
    origin: str

    @property
    def name(self) -> str:
        return f"__Secure-{_NAME}" if self.secure else _NAME

    def read(self, incoming: Incoming) -> str | None:
        """What the browser sent, if its request came from our own pages. Raises Forbidden `cross_site`."""
        self.check_origin(incoming)
        return incoming.cookie(self.name)

    def check_origin(self, incoming: Incoming) -> None:
        """Requests that open or use a sign-in come from our own pages, or from no page at all. Raises
        Forbidden `cross_site`."""
        origin = incoming.headers.get("origin")
        site = incoming.headers.get("sec-fetch-site", "none")
        own = origin is None or origin == self.origin or _same_host(origin, incoming)
        if not own or site not in _OWN_SITES:
            raise Forbidden("This request came from another site.", code="cross_site")

    def set(self, token: str) -> str:
        """A Set-Cookie value."""
        return f"{self.name}={token}; Max-Age={self.lifetime}; {self._attributes}"

    def clear(self) -> str:
        """A Set-Cookie value."""
        return f"{self.name}=; Max-Age=0; {self._attributes}"

    @property
    def _attributes(self) -> str:
        return f"Path={_PATH}; HttpOnly; SameSite=Strict" + ("; Secure" if self.secure else "")


def _same_host(origin: str, incoming: Incoming) -> bool:
    """A deployment may have several names; a browser cannot be made to lie about either header."""
    parts = urlsplit(origin)
    return parts.netloc == incoming.host and parts.scheme == incoming.scheme
