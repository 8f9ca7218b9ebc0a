"""How many attempts an account, an address, and one from the other are given: pure.

Attempts are counted before their work begins, so that many at once gain nothing. Beyond the free ones each
makes the next wait, twice as long every time: a person who mistypes hardly notices, a program does.
"""

import hashlib
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FORGOTTEN_AFTER = timedelta(hours=1)
"""Without another attempt."""


@dataclass(frozen=True)
class Counter:
    """Attempts so far."""

    attempts: int
    locked_until: datetime | None
    forgotten_at: datetime


@dataclass(frozen=True)
class Limit:
    """`free` attempts, then waits from `first`, doubling up to `longest`."""

    free: int
    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(minutes=15)

    def lock_after(self, attempts: int, now: datetime) -> datetime | None:
        """Until when the next attempt is refused, after so many."""
        if attempts < self.free:
            return None
        doublings = min(attempts - self.free, 20)
        return now + min(self.first * (1 << doublings), self.longest)

    def counted(self, before: Counter | None, now: datetime) -> Counter:
        """One attempt more; what is older than `FORGOTTEN_AFTER` does not count."""
        attempts = before.attempts + 1 if before and now < before.forgotten_at else 1
        return Counter(attempts, self.lock_after(attempts, now), now + FORGOTTEN_AFTER)


class Action(StrEnum):
    """What is attempted."""

    SIGN_IN = "sign-in"
    SIGN_UP = "sign-up"
    RESET = "reset"
    LINK = "link"


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_PER_PAIR = {Action.SIGN_IN: Limit(5)}
_PER_ACCOUNT = {
    Action.SIGN_IN: Limit(20),
    Action.SIGN_UP: Limit(3, _MINUTE, _HOUR),
    Action.RESET: Limit(3, _MINUTE, _HOUR),
}
_PER_ADDRESS = {
    Action.SIGN_IN: Limit(100),
    Action.SIGN_UP: Limit(20, _MINUTE, _HOUR),
    Action.RESET: Limit(20, _MINUTE, _HOUR),
    Action.LINK: Limit(20),
}


def limits(action: Action, account: str, address: str) -> Iterator[tuple[str, Limit]]:
    """The counters of one attempt, narrowest first. Keys hold no e-mail, and no tenant's id."""
    who = hashlib.sha256(account.encode()).hexdigest()[:32]
    where = _block(address)
    if action in _PER_PAIR and account:
        yield f"{action}#{who}#{where}", _PER_PAIR[action]
    if action in _PER_ACCOUNT and account:
        yield f"{action}#{who}", _PER_ACCOUNT[action]
    if action in _PER_ADDRESS:
        yield f"{action}#at#{where}", _PER_ADDRESS[action]


def _block(address: str) -> str:
    """Whoever has one IPv6 address has all 2^64 of its network."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
