"""Tickets that open the event WebSocket: EdDSA JWTs of a minute, used once."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from joserfc import jwt
from joserfc.errors import JoseError

from chalicelib.core.errors import Unauthenticated
from chalicelib.core.keys import keys
from chalicelib.events.rules import RELEVANT, Viewer

_ISSUER = "streamspace"
_AUDIENCE = "streamspace-events"
_ALGORITHMS = ["EdDSA"]


@dataclass(frozen=True)
class Ticket:
    """What a valid ticket says."""

    id: str
    viewer: Viewer


def issue(viewer: Viewer, *, now: datetime, lifetime: float) -> str:
    """A ticket for this viewer; `lifetime` in seconds."""
    issued = int(now.timestamp())
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": viewer.user_id,
        "tenant": viewer.tenant_id,
        "permissions": sorted(viewer.permissions & RELEVANT),
        "sid": viewer.sign_in_id,
        "key": viewer.key_id,
        "jti": secrets.token_urlsafe(16),
        "iat": issued,
        "exp": issued + int(lifetime),
    }
    key = keys().access
    return jwt.encode({"alg": "EdDSA", "kid": key.kid}, claims, key, algorithms=_ALGORITHMS)


def read(text: str, *, now: datetime) -> Ticket:
    """Raises Unauthenticated `ticket_invalid` or `ticket_expired`."""
    try:
        claims = jwt.decode(text, keys().access, algorithms=_ALGORITHMS).claims
    except (JoseError, ValueError):
        raise _invalid() from None
    if claims.get("iss") != _ISSUER or claims.get("aud") != _AUDIENCE:
        raise _invalid()
    if now.timestamp() >= claims["exp"]:
        raise Unauthenticated("This ticket has expired. Get a new one.", code="ticket_expired")
    permissions = frozenset(claims["permissions"])
    viewer = Viewer(claims["tenant"], claims["sub"], permissions, claims["sid"], claims["key"])
    return Ticket(claims["jti"], viewer)


def _invalid() -> Unauthenticated:
    return Unauthenticated("This ticket is not valid.", code="ticket_invalid")
