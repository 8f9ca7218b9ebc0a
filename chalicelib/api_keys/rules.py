"""What a key is, what it may be given, and when it works: pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.core.errors import Conflict, Invalid
from chalicelib.identity.rules import PERSONAL

LONGEST = timedelta(days=365)
LISTED = timedelta(days=90)
"""How long a key that has ended is still shown."""
USE_NOTED_EVERY = timedelta(minutes=5)


class State(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class ApiKey:
    """`digest` is of the secret, `hint` shows its last characters. `replaced_by` is the key that a rotation
    made; both work until this one's `expires_at`, which the rotation has brought forward."""

    tenant_id: str
    id: str
    user_id: str
    name: str
    hint: str
    digest: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    last_used_ip: str | None = None
    revoked_at: datetime | None = None
    replaced_by: str | None = None

    def state(self, now: datetime) -> State:
        """As of now."""
        if self.revoked_at is not None:
            return State.REVOKED
        return State.ACTIVE if now < self.expires_at else State.EXPIRED


def check_scopes(scopes: Iterable[str], *allowed: frozenset[str]) -> tuple[str, ...]:
    """Sorted, each once. A key may carry what all of `allowed` hold (its owner's role, and whoever makes it
    for somebody else) less what is personal. Raises Invalid that names the first that it may not."""
    wanted = tuple(sorted(set(scopes)))
    possible = frozenset.intersection(*allowed) - PERSONAL
    for scope in wanted:
        if scope in PERSONAL:
            raise Invalid.field("scopes", f"{scope} is for people who are signed in; no key carries it.")
        if scope not in possible:
            raise Invalid.field(
                "scopes", f"This key cannot have {scope}: its owner's role does not allow it."
            )
    return wanted


def rotated(key: ApiKey, successor: ApiKey, overlap: timedelta, now: datetime) -> ApiKey:
    """The old key beside its successor, for as long as `overlap`. Raises Conflict when it has ended or was
    rotated before."""
    if key.state(now) is not State.ACTIVE:
        raise Conflict("This key has ended. Make a new one.", code="key_ended")
    if key.replaced_by is not None:
        raise Conflict(
            f"This key was rotated before; {key.replaced_by} takes its place.",
            code="already_rotated",
            extra={"replaced_by": key.replaced_by},
        )
    return replace(key, replaced_by=successor.id, expires_at=min(key.expires_at, now + overlap))


def use_is_worth_noting(key: ApiKey, now: datetime) -> bool:
    """Not every request: the last use is for people who tidy up, and a write each would cost more than most
    requests do."""
    return key.last_used_at is None or now - key.last_used_at >= USE_NOTED_EVERY
