"""What a mail request is, when it is tried again, and what a mail looks like: pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.core.errors import Invalid

LEASE = timedelta(minutes=2)
"""How long one attempt may take. A process that died on the way leaves the request to the sweep after it."""
KEPT = timedelta(days=1)
"""Then a request is given up: what it is about is yesterday's news, and its link has expired."""
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)
_LONGEST_ADDRESS = 254
"""RFC 5321, section 4.5.3.1.3, less the angle brackets."""


@dataclass(frozen=True)
class MailRequest:
    """Somebody is to get a mail of this kind. `tenant_id` is `trail.NOBODY` where none is known yet; `data`
    is what its composer needs. `attempts` have begun so far, and at `due_at` the next one may."""

    tenant_id: str
    id: str
    kind: str
    to: str
    data: dict[str, str]
    created_at: datetime
    due_at: datetime
    attempts: int = 0


@dataclass(frozen=True)
class Message:
    """One mail, as text and, if that helps the reader, as HTML of the same content."""

    to: str
    subject: str
    text: str
    html: str | None = None


def next_attempt(attempts: int, now: datetime) -> datetime:
    """When to try again after so many attempts: a minute, doubling, at most an hour."""
    doublings = min(max(attempts - 1, 0), 10)
    return now + min(_FIRST_PAUSE * (1 << doublings), _LONGEST_PAUSE)


def is_stale(request: MailRequest, now: datetime) -> bool:
    """Whether it is to be given up."""
    return now - request.created_at >= KEPT


def check_address(address: str) -> str:
    """One plain address: `local@domain`, printable, no spaces, no list, no display name. Raises Invalid.

    Stricter than RFC 5322, which allows quoted local parts and comments that no one uses honestly.
    """
    local, at, domain = address.rpartition("@")
    unfit = any(char <= " " or char == "\x7f" or char in '",;:<>()[]\\@' for char in local + domain)
    if not (at and local and domain) or unfit or not address.isprintable() or len(address) > _LONGEST_ADDRESS:
        raise Invalid.field("email", "Use one e-mail address, like ada@example.com.")
    return address
