"""Argon2id, with the library's defaults (RFC 9106, low-memory profile)."""

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chalicelib.core.errors import Invalid

SHORTEST = 10
LONGEST = 256
_hasher = PasswordHasher()


def check_strength(password: str) -> str:
    """Length first (NIST SP 800-63B). Raises Invalid."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid.field("password", f"Use {SHORTEST} to {LONGEST} characters.")
    return password


def hash_password(password: str) -> str:
    """A PHC string."""
    return _hasher.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Takes as long for an unknown account (None) as for a known one."""
    try:
        _hasher.verify(password_hash or _decoy(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether the parameters have moved on since it was made."""
    return _hasher.check_needs_rehash(password_hash)


@lru_cache(maxsize=1)
def _decoy() -> str:
    return _hasher.hash("no account has this password")
