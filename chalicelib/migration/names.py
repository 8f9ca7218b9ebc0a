"""Ids that follow from what was imported, so that importing twice makes nothing twice."""

import hashlib
from typing import Literal

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH, _SINCE = 26, "01jd000000"
"""A ULID whose time is a day in late 2024 and whose other 80 bits follow from the name."""
LABEL = "imported-as"
_LONGEST_LABEL = 63


def stable_id(kind: Literal["tpl"], tenant_id: str, name: str) -> str:
    """The id of what a tenant imports under that name: always the same one, and another for each tenant."""
    digest = hashlib.sha256(f"{kind}\n{tenant_id}\n{name}".encode()).digest()
    rest = "".join(_ALPHABET[byte % 32] for byte in digest[: _LENGTH - len(_SINCE)])
    return f"{kind}-{_SINCE}{rest}"


def label(name: str) -> str:
    """A manifest's name as a label's value; long ones keep their beginning and a digest of the whole."""
    if len(name) <= _LONGEST_LABEL:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{name[: _LONGEST_LABEL - 17]}-{digest}"
