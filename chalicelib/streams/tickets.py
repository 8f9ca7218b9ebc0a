"""Signs tickets and relay grants: EdDSA JWTs that gateways and relays verify with the published keys."""

import secrets
from datetime import datetime
from typing import TypeVar

from joserfc import jwt

from chalicelib.core.keys import keys
from chalicelib.protocol.base import Wire
from chalicelib.protocol.streams import (
    RelayGrantClaims,
    StreamPermissions,
    TicketClaims,
    gateway_audience,
)
from chalicelib.streams.rules import Streamed

ALGORITHM = "EdDSA"
C = TypeVar("C", bound=Wire)


def ticket(
    streamed: Streamed, user_id: str, permissions: StreamPermissions, *, now: datetime, lifetime: float
) -> str:
    """Opens one session's stream at one gateway, once, within `lifetime` seconds."""
    issued = int(now.timestamp())
    return _sign(
        TicketClaims(
            aud=gateway_audience(streamed.controller_id),
            sub=user_id,
            jti=secrets.token_urlsafe(16),
            iat=issued,
            exp=issued + int(lifetime),
            tenant=streamed.tenant_id,
            session=streamed.session_id,
            controller=streamed.controller_id,
            incarnation=streamed.incarnation,
            protocol=streamed.protocol,
            permissions=permissions,
        )
    )


def relay_grant(tenant_id: str, controller_id: str, *, now: datetime, lifetime: float) -> str:
    """Lets a controller's gateway hold connections at relays."""
    issued = int(now.timestamp())
    return _sign(
        RelayGrantClaims(iat=issued, exp=issued + int(lifetime), tenant=tenant_id, controller=controller_id)
    )


def _sign(claims: Wire) -> str:
    key = keys().stream
    return jwt.encode(
        {"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}, claims.model_dump(), key, algorithms=[ALGORITHM]
    )
