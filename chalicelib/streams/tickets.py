"""Signs tickets and relay grants: EdDSA JWTs that gateways and relays verify with the published keys."""

import secrets
from datetime import datetime
from typing import Literal, TypeVar

from joserfc import jwt

from chalicelib.controllers.rules import Controller
from chalicelib.core.keys import keys
from chalicelib.protocol.base import Wire
from chalicelib.protocol.streams import (
    RelayGrantClaims,
    StreamPermissions,
    TicketClaims,
    gateway_audience,
)
from chalicelib.streams.rules import Instance, Protocol

ALGORITHM = "EdDSA"
Opens = Protocol | Literal["logs"]
C = TypeVar("C", bound=Wire)


def ticket(
    instance: Instance,
    opens: Opens,
    user_id: str,
    permissions: StreamPermissions,
    revocations: int,
    *,
    now: datetime,
    lifetime: float,
) -> str:
    """Opens one session's stream, or its log, at one gateway, once, within `lifetime` seconds. `revocations`
    are the controller's: relays let go of connections that were made before the last one."""
    issued = int(now.timestamp())
    return _sign(
        TicketClaims(
            aud=gateway_audience(instance.controller_id),
            sub=user_id,
            jti=secrets.token_urlsafe(16),
            iat=issued,
            exp=issued + int(lifetime),
            tenant=instance.tenant_id,
            session=instance.session_id,
            controller=instance.controller_id,
            incarnation=instance.incarnation,
            protocol=opens,
            permissions=permissions,
            revocations=revocations,
        )
    )


def relay_grant(controller: Controller, *, now: datetime, lifetime: float) -> str:
    """Lets a controller's gateway hold connections at relays, for `lifetime` seconds at most."""
    issued = int(now.timestamp())
    return _sign(
        RelayGrantClaims(
            iat=issued,
            exp=issued + int(lifetime),
            tenant=controller.tenant_id,
            controller=controller.id,
            revocations=controller.revocations,
        )
    )


def _sign(claims: Wire) -> str:
    key = keys().stream
    return jwt.encode(
        {"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}, claims.model_dump(), key, algorithms=[ALGORITHM]
    )
