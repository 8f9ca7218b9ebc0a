"""Headers that every answer of the API carries.

An answer is data: it is never a page, never framed, never guessed to be something else, and never read by
another site. A route that answers with a page of its own (the API reference) sets its own policy.
"""

from collections.abc import Mapping
from functools import lru_cache

from chalicelib.core.config import config

_ALWAYS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_TLS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


@lru_cache(maxsize=1)
def security_headers() -> Mapping[str, str]:
    """The same for all answers of a deployment; over TLS browsers are told to stay with it for a year."""
    return {**_ALWAYS, **_TLS} if config().secure_cookies else _ALWAYS
