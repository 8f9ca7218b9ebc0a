"""The token in an invitation's link: which invitation, and which sending of it. It opens nothing by itself:
whether it still counts is what the invitation's row says."""

from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError

from chalicelib.core.errors import Invalid
from chalicelib.core.ids import is_id
from chalicelib.core.keys import keys
from chalicelib.people.rules import Invitation

_ISSUER = "streamspace"
_AUDIENCE = "streamspace-invitation"
_ALGORITHMS = ["EdDSA"]


@dataclass(frozen=True)
class InvitationToken:
    """What a link says."""

    tenant_id: str
    invitation_id: str
    serial: int


def issue(invitation: Invitation) -> str:
    """The same token for the same sending, so that a mail may be composed twice."""
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": invitation.id,
        "tenant": invitation.tenant_id,
        "serial": invitation.serial,
        "exp": int(invitation.expires_at.timestamp()),
    }
    key = keys().access
    return jwt.encode({"alg": "EdDSA", "kid": key.kid}, claims, key, algorithms=_ALGORITHMS)


def read(text: str) -> InvitationToken:
    """Whose link it is; that it expired is the row's to say. Raises Invalid for anything but ours."""
    try:
        claims = jwt.decode(text, keys().access, algorithms=_ALGORITHMS).claims
    except (JoseError, ValueError):
        raise _refusal() from None
    tenant_id, invitation_id = claims.get("tenant"), claims.get("sub")
    if claims.get("iss") != _ISSUER or claims.get("aud") != _AUDIENCE:
        raise _refusal()
    if not (is_id(str(tenant_id), "ten") and is_id(str(invitation_id), "inv")):
        raise _refusal()
    return InvitationToken(str(tenant_id), str(invitation_id), int(claims["serial"]))


def _refusal() -> Invalid:
    return Invalid.field("token", "This is not the link of an invitation. Open it from the mail once more.")
