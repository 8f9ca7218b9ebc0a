"""Argon2id, with the library's defaults (RFC 9106, low-memory profile)."""

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """A PHC string."""
    return _hasher.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Takes as long for an account that has none (None) as for one that has."""
    decoy = _decoy()
    try:
        _hasher.verify(password_hash or decoy, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether the parameters have moved on since it was made."""
    return _hasher.check_needs_rehash(password_hash)


@lru_cache(maxsize=1)
def _decoy() -> str:
    return _hasher.hash("no account has this password")
