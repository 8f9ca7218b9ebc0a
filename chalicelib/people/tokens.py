"""The token in an invitation's link: which invitation, and which sending of it. It opens nothing by itself:
whether it still counts is what the invitation's row says."""

from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.ids import is_id
from chalicelib.core.keys import keys
from chalicelib.people.rules import Invitation

_ISSUER = "streamspace"
_AUDIENCE = "streamspace-invitation"
_TYPE = "link+jwt"
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
    return jwt.encode({"alg": "EdDSA", "kid": key.kid, "typ": _TYPE}, claims, key, algorithms=_ALGORITHMS)


def read(text: str) -> InvitationToken:
    """Whose link it is; that it expired is the row's to say. Raises Invalid for anything but ours."""
    try:
        decoded = jwt.decode(text, keys().access, algorithms=_ALGORITHMS)
    except (JoseError, ValueError):
        raise _refusal() from None
    claims = decoded.claims
    if decoded.header.get("typ") != _TYPE or claims.get("iss") != _ISSUER or claims.get("aud") != _AUDIENCE:
        raise _refusal()
    tenant_id, invitation_id, serial = str(claims.get("tenant")), str(claims.get("sub")), claims.get("serial")
    if not (is_id(tenant_id, "ten") and is_id(invitation_id, "inv") and isinstance(serial, int)):
        raise _refusal()
    return InvitationToken(tenant_id, invitation_id, serial)


def _refusal() -> Invalid:
    message = "This is not the link of an invitation. Open it from the newest mail once more."
    return Invalid(message, code="link_invalid", errors=(FieldError("token", message),))
