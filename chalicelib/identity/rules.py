"""Roles, permissions and lockout: pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    OPERATOR = "operator"
    MEMBER = "member"
    AUDITOR = "auditor"


_MEMBER = {"sessions:read", "sessions:write", "templates:read", "quotas:read", "events:read"}
_OPERATOR = _MEMBER | {
    "sessions:read_all",
    "sessions:write_all",
    "templates:write",
    "controllers:read",
    "controllers:write",
}
_ADMIN = _OPERATOR | {"quotas:write", "audit:read"}

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.OWNER: frozenset(_ADMIN),
    Role.ADMIN: frozenset(_ADMIN),
    Role.OPERATOR: frozenset(_OPERATOR),
    Role.MEMBER: frozenset(_MEMBER),
    Role.AUDITOR: frozenset(
        {
            "sessions:read",
            "sessions:read_all",
            "templates:read",
            "controllers:read",
            "quotas:read",
            "events:read",
            "audit:read",
        }
    ),
}
"""The one table of what each role may do."""


@dataclass(frozen=True)
class Person:
    """A user's row: one person in one tenant."""

    tenant_id: str
    id: str
    email: str
    name: str
    role: Role
    password_hash: str
    created_at: datetime
    disabled: bool = False


@dataclass(frozen=True)
class User:
    """A person as the caller of a request."""

    tenant_id: str
    user_id: str
    role: Role
    sign_in_id: str

    @property
    def permissions(self) -> frozenset[str]:
        """What the role allows."""
        return PERMISSIONS[self.role]


FREE_ATTEMPTS = 5
_LONGEST_LOCK = timedelta(minutes=15)
ATTEMPTS_KEPT = timedelta(hours=1)


def lock_after(failures: int, now: datetime) -> datetime | None:
    """Until when sign-in is refused after so many failures in a row: doubling from one second."""
    if failures < FREE_ATTEMPTS:
        return None
    return now + min(timedelta(seconds=2.0 ** (failures - FREE_ATTEMPTS)), _LONGEST_LOCK)


def normalise_email(email: str) -> str:
    """How addresses are compared: without case or surrounding space."""
    return email.strip().lower()


@dataclass(frozen=True)
class RefreshFamily:
    """One sign-in: every refresh token that descends from it. Only hashes are kept."""

    id: str
    tenant_id: str
    user_id: str
    current: str
    previous: str | None
    rotated_at: datetime
    expires_at: datetime
    revoked: bool = False


REUSE_GRACE = timedelta(seconds=10)
"""Two tabs may refresh at the same moment with the same token; the later one is not an attack."""


class Refresh(StrEnum):
    """What to do with a presented refresh token."""

    ROTATE = "rotate"
    REPEAT = "repeat"
    REVOKE = "revoke"
    REFUSE = "refuse"


def judge_refresh(family: RefreshFamily, presented: str, now: datetime) -> Refresh:
    """`presented` is the token's hash. A token that was already rotated away is a stolen or copied one: the
    whole family ends (RFC 9700, section 4.14)."""
    if family.revoked or now >= family.expires_at:
        return Refresh.REFUSE
    if presented == family.current:
        return Refresh.ROTATE
    if presented == family.previous and now - family.rotated_at <= REUSE_GRACE:
        return Refresh.REPEAT
    return Refresh.REVOKE
