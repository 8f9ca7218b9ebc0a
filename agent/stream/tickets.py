"""Who may come in: tickets of browsers and grants of gateways, both JWTs of the control plane.

Only EdDSA by a key of the control plane's set is accepted, whatever the token's own head asks for. Nothing
is consumed here: the gateway's ledger does that.
"""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from joserfc import jws, jwt
from joserfc.errors import JoseError, SecurityWarning
from pydantic import ValidationError

from agent.stream.keys import Keys
from chalicelib.protocol.base import Wire
from chalicelib.protocol.streams import (
    ISSUER,
    RELAY_AUDIENCE,
    RelayGrantClaims,
    TicketClaims,
    gateway_audience,
)

# RFC 9864 renames EdDSA with this curve to Ed25519; the tickets' format says EdDSA (design §6).
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)

ALGORITHM = "EdDSA"
LEEWAY = 10
"""Seconds by which our clock and the control plane's may differ."""
TICKET_LIFE = 600
"""Seconds that any ticket may live, whatever it says: consumed ones need not be remembered for longer."""

Claims = TypeVar("Claims", bound=Wire)


class Refused(Exception):
    """The token does not open this door. `reason` is safe to show: it says nothing of the token's content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Offer:
    """What a client offered in Sec-WebSocket-Protocol."""

    protocols: tuple[str, ...]
    ticket: str | None = None
    resume: str | None = None

    @classmethod
    def parse(cls, header: str) -> "Offer":
        """Raises Refused unless there is exactly one credential."""
        offered = [part.strip() for part in header.split(",") if part.strip()]
        tickets = [part.removeprefix("ticket.") for part in offered if part.startswith("ticket.")]
        resumes = [part.removeprefix("resume.") for part in offered if part.startswith("resume.")]
        if len(tickets) + len(resumes) != 1:
            raise Refused("a ticket or a resume token is needed")
        plain = tuple(part for part in offered if not part.startswith(("ticket.", "resume.")))
        return cls(plain, next(iter(tickets), None), next(iter(resumes), None))


class Tickets:
    """Verifies tokens against the control plane's keys. `clock` is seconds since the epoch."""

    def __init__(self, keys: Keys, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._clock = clock

    async def ticket(self, token: str, *, controller: str, session: str, logs: bool = False) -> TicketClaims:
        """The claims of a ticket for this session at this controller's gateway: for its stream, or for its
        log. Raises Refused."""
        claims = await self._verified(token, TicketClaims)
        if claims.aud != gateway_audience(controller) or claims.controller != controller:
            raise Refused("ticket for another controller")
        if claims.session != session:
            raise Refused("ticket for another session")
        if (claims.protocol == "logs") is not logs:
            raise Refused("ticket for a stream" if logs else "ticket for a log")
        if claims.exp - claims.iat > TICKET_LIFE:
            raise Refused("ticket lives too long")
        self._check_times(claims.iat, claims.exp)
        return claims

    async def grant(self, token: str) -> RelayGrantClaims:
        """The claims of a relay grant. Raises Refused."""
        claims = await self._verified(token, RelayGrantClaims)
        if claims.aud != RELAY_AUDIENCE:
            raise Refused("grant for another audience")
        self._check_times(claims.iat, claims.exp)
        return claims

    def _check_times(self, issued: int, expires: int) -> None:
        now = self._clock()
        if now >= expires + LEEWAY:
            raise Refused("expired")
        if now < issued - LEEWAY:
            raise Refused("not valid yet (check this machine's clock)")

    async def _verified(self, token: str, model: type[Claims]) -> Claims:
        key = await self._keys.find(_key_id(token))
        if key is None:
            raise Refused("signed by an unknown key")
        try:
            decoded: dict[str, Any] = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
            for name in ("iss", "aud"):
                if not isinstance(decoded.get(name), str):
                    raise Refused(f"no {name}")
            claims = model.model_validate(decoded)
        except (JoseError, ValidationError, ValueError) as error:
            raise Refused("not a valid token") from error
        if decoded["iss"] != ISSUER:
            raise Refused("of another issuer")
        return claims


def _key_id(token: str) -> str:
    try:
        head = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError) as error:
        raise Refused("not a token") from error
    kid = head.get("kid")
    if head.get("alg") != ALGORITHM or not isinstance(kid, str):
        raise Refused("not signed as agreed")
    return kid
