"""Access tokens (JWT, EdDSA, 15 minutes) and the secrets inside refresh tokens."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from joserfc import jwt
from joserfc.errors import JoseError

from chalicelib.core.errors import Unauthenticated
from chalicelib.core.keys import keys
from chalicelib.identity.rules import Role, User

_ISSUER = "streamspace"
_AUDIENCE = "streamspace-api"
_ALGORITHMS = ["EdDSA"]


def issue_access(user: User, *, now: datetime, lifetime: float) -> str:
    """A token for this user; `lifetime` in seconds."""
    issued = int(now.timestamp())
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": user.user_id,
        "tenant": user.tenant_id,
        "role": user.role.value,
        "sid": user.sign_in_id,
        "iat": issued,
        "exp": issued + int(lifetime),
    }
    key = keys().access
    return jwt.encode({"alg": "EdDSA", "kid": key.kid}, claims, key, algorithms=_ALGORITHMS)


def read_access(token: str, *, now: datetime) -> User:
    """Whose token it is. Raises Unauthenticated (`token_expired` when only time is wrong)."""
    try:
        claims = jwt.decode(token, keys().access, algorithms=_ALGORITHMS).claims
    except (JoseError, ValueError):
        raise Unauthenticated("This access token is not valid.") from None
    if claims.get("iss") != _ISSUER or claims.get("aud") != _AUDIENCE:
        raise Unauthenticated("This access token is not valid.")
    if now.timestamp() >= claims["exp"]:
        raise Unauthenticated("This access token has expired.", code="token_expired")
    return User(
        tenant_id=claims["tenant"], user_id=claims["sub"], role=Role(claims["role"]), sign_in_id=claims["sid"]
    )


@dataclass(frozen=True)
class RefreshToken:
    """`<family id>.<secret>`, as it stands in the cookie."""

    family_id: str
    secret: str

    @classmethod
    def new(cls, family_id: str) -> "RefreshToken":
        """The next one of a family."""
        return cls(family_id, secrets.token_urlsafe(32))

    @classmethod
    def parse(cls, text: str) -> "RefreshToken | None":
        """None for anything that is not of this form."""
        family_id, _, secret = text.partition(".")
        return cls(family_id, secret) if family_id and secret else None

    @property
    def text(self) -> str:
        return f"{self.family_id}.{self.secret}"

    @property
    def digest(self) -> str:
        """What is stored. A random 256-bit secret needs no slow hash."""
        return hashlib.sha256(self.secret.encode()).hexdigest()
