"""Access tokens (JWT, EdDSA, 15 minutes) and the secrets inside refresh tokens.

An access token says who somebody is, never what they may do: role, groups and whether the sign-in still
exists are read with every request.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from chalicelib.core.errors import Unauthenticated
from chalicelib.core.ids import is_id
from chalicelib.core.keys import keys

_ISSUER = "streamspace"
_AUDIENCE = "streamspace-api"
_TYPE = "at+jwt"
"""RFC 9068: no other token of ours has this type, so none can be taken for one."""
_ALGORITHMS = ["EdDSA"]


@dataclass(frozen=True)
class AccessToken:
    """What a valid one says."""

    tenant_id: str
    user_id: str
    sign_in_id: str


def issue_access(token: AccessToken, *, now: datetime, lifetime: float) -> str:
    """A token for this sign-in; `lifetime` in seconds."""
    issued = int(now.timestamp())
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": token.user_id,
        "tenant": token.tenant_id,
        "sid": token.sign_in_id,
        "iat": issued,
        "exp": issued + int(lifetime),
    }
    key = keys().access
    return jwt.encode({"alg": "EdDSA", "kid": key.kid, "typ": _TYPE}, claims, key, algorithms=_ALGORITHMS)


def read_access(text: str, *, now: datetime) -> AccessToken:
    """Whose token it is. Raises Unauthenticated (`token_expired` when only time is wrong)."""
    try:
        # The key is ours and fixed: nothing in a token's header chooses it, or the algorithm.
        decoded = jwt.decode(text, keys().access, algorithms=_ALGORITHMS)
    except (JoseError, ValueError):
        raise _invalid() from None
    claims = decoded.claims
    if decoded.header.get("typ") != _TYPE or claims.get("iss") != _ISSUER or claims.get("aud") != _AUDIENCE:
        raise _invalid()
    expires = claims.get("exp")
    if not isinstance(expires, int):
        raise _invalid()
    if now.timestamp() >= expires:
        raise Unauthenticated("This access token has expired.", code="token_expired")
    return AccessToken(_claimed(claims, "tenant"), _claimed(claims, "sub"), _claimed(claims, "sid"))


def _claimed(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str):
        raise _invalid()
    return value


def _invalid() -> Unauthenticated:
    return Unauthenticated("This access token is not valid.")


@dataclass(frozen=True)
class RefreshToken:
    """`<tenant>.<user>.<sign-in>.<secret>`, as it stands in the cookie: it leads to its row by itself."""

    tenant_id: str
    user_id: str
    sign_in_id: str
    secret: str = field(repr=False)

    @classmethod
    def new(cls, tenant_id: str, user_id: str, sign_in_id: str) -> "RefreshToken":
        """The next one of a sign-in."""
        return cls(tenant_id, user_id, sign_in_id, secrets.token_urlsafe(32))

    @classmethod
    def parse(cls, text: str) -> "RefreshToken | None":
        """None for anything that is not of this form."""
        match text.split("."):
            case [tenant_id, user_id, sign_in_id, secret] if (
                is_id(tenant_id, "ten") and is_id(user_id, "usr") and is_id(sign_in_id, "sgn") and secret
            ):
                return cls(tenant_id, user_id, sign_in_id, secret)
        return None

    @property
    def text(self) -> str:
        return f"{self.tenant_id}.{self.user_id}.{self.sign_in_id}.{self.secret}"

    @property
    def digest(self) -> str:
        """What is stored. A random 256-bit secret needs no slow hash."""
        return hashlib.sha256(self.secret.encode()).hexdigest()
