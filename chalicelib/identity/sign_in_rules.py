"""Sign-ins: what one is and when its refresh token may be traded for the next. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True)
class SignIn:
    """One sign-in of one user: every access and refresh token descends from one, and works only as long as
    it exists. Of refresh tokens only hashes are kept: the `current` one and the `previous`."""

    tenant_id: str
    user_id: str
    id: str
    current: str
    previous: str | None
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    source_ip: str = ""
    user_agent: str = ""


REUSE_GRACE = timedelta(seconds=10)
"""Two tabs may refresh at the same moment with the same token; the later one is not an attack."""


class Refresh(StrEnum):
    """What to do with a presented refresh token."""

    ROTATE = "rotate"
    REPEAT = "repeat"
    REVOKE = "revoke"
    REFUSE = "refuse"


def judge_refresh(sign_in: SignIn, presented: str, now: datetime) -> Refresh:
    """`presented` is the token's hash. A token that was already rotated away is a stolen or copied one: the
    whole sign-in ends (RFC 9700, section 4.14)."""
    if now >= sign_in.expires_at:
        return Refresh.REFUSE
    if presented == sign_in.current:
        return Refresh.ROTATE
    if presented == sign_in.previous and now - sign_in.used_at <= REUSE_GRACE:
        return Refresh.REPEAT
    return Refresh.REVOKE
