"""Links in mails: signed, of one purpose each, for a limited time.

The token stands in the URL's fragment, which browsers neither send to servers nor put in a Referer. That a
link works once is not the token's doing but that of what it is bound to: a password that has changed since,
a link id that was used.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from joserfc import jwt
from joserfc.errors import JoseError

from chalicelib.core.errors import DomainError, FieldError, Gone, Invalid
from chalicelib.core.keys import keys

_ISSUER = "streamspace"
_TYPE = "link+jwt"
_ALGORITHMS = ["EdDSA"]


class Purpose(StrEnum):
    """The audience of a link's token: what it is good for."""

    PASSWORD_RESET = "streamspace-password-reset"  # noqa: S105 - a name, not a secret
    SIGN_UP = "streamspace-sign-up"


LIFETIME = {Purpose.PASSWORD_RESET: timedelta(hours=1), Purpose.SIGN_UP: timedelta(hours=24)}
_PATH = {Purpose.PASSWORD_RESET: "/reset-password", Purpose.SIGN_UP: "/confirm-sign-up"}


def link(purpose: Purpose, claims: dict[str, str], *, public_url: str, issued: datetime) -> str:
    """The URL to mail. `public_url` is the deployment's own: what a request calls its host is no one's to
    trust."""
    token = issue(purpose, claims, issued=issued)
    return f"{public_url}{_PATH[purpose]}#token={token}"


def issue(purpose: Purpose, claims: dict[str, str], *, issued: datetime) -> str:
    """A token of this purpose that says `claims`."""
    expires = issued + LIFETIME[purpose]
    payload = {
        **claims,
        "iss": _ISSUER,
        "aud": purpose.value,
        "iat": int(issued.timestamp()),
        "exp": int(expires.timestamp()),
    }
    key = keys().access
    return jwt.encode({"alg": "EdDSA", "kid": key.kid, "typ": _TYPE}, payload, key, algorithms=_ALGORITHMS)


def read(purpose: Purpose, text: str, *, now: datetime) -> dict[str, str]:
    """What a token says. Raises Invalid `link_invalid`, Gone `link_expired`."""
    try:
        decoded = jwt.decode(text, keys().access, algorithms=_ALGORITHMS)
    except (JoseError, ValueError):
        raise invalid() from None
    claims = decoded.claims
    if (
        decoded.header.get("typ") != _TYPE
        or claims.get("iss") != _ISSUER
        or claims.get("aud") != purpose.value
        or not isinstance(claims.get("exp"), int)
    ):
        raise invalid()
    if now.timestamp() >= claims["exp"]:
        raise Gone("This link has expired. Ask for another one.", code="link_expired")
    return {name: value for name, value in claims.items() if isinstance(value, str)}


def invalid() -> DomainError:
    """The link leads nowhere, whyever."""
    message = "This link does not work. Open the newest mail and try again."
    return Invalid(message, code="link_invalid", errors=(FieldError("token", message),))
