"""Identifiers: `ses-01kb…`, a kind and a lower-case ULID. They sort by time and are DNS labels."""

import re
import secrets
from typing import Literal

from ulid import ULID

Kind = Literal[
    "ten", "usr", "ses", "ctl", "tpl", "cmd", "agt", "tok", "evt", "key", "req", "rtk", "grp", "sgn",
    "inv", "aud", "exp", "mai",
]  # fmt: skip
PATTERN = re.compile(r"^[a-z]{3}-[0-9a-hjkmnp-tv-z]{26}$")


def new_id(kind: Kind) -> str:
    """A new identifier of that kind. Ids made in one millisecond are unordered but never equal."""
    return f"{kind}-{str(ULID()).lower()}"


def is_id(value: str, kind: Kind) -> bool:
    """Whether `value` has the form of an identifier of that kind. Nothing else may reach a key."""
    return value.startswith(f"{kind}-") and PATTERN.fullmatch(value) is not None


def new_secret(prefix: str) -> str:
    """256 random bits, base64url, behind a prefix that tells people and secret scanners what it is."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"
