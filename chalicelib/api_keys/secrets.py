"""The key as its holder has it: `ssk_<tenant>_<key>_<secret>`, ids without their kinds.

The prefix tells people and secret scanners what it is, the ids where its row is: no lookup table is needed,
and a row is found under its tenant alone.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

PREFIX = "ssk_"
_FORM = re.compile(r"ssk_([0-9a-hjkmnp-tv-z]{26})_([0-9a-hjkmnp-tv-z]{26})_([A-Za-z0-9_-]{43})")
_DECOY = "0" * 64


@dataclass(frozen=True)
class Secret:
    """A whole key. Its text is its holder's alone; what is kept is the digest."""

    tenant_id: str
    key_id: str
    secret: str

    @classmethod
    def new(cls, tenant_id: str, key_id: str) -> "Secret":
        """256 random bits."""
        return cls(tenant_id, key_id, secrets.token_urlsafe(32))

    @classmethod
    def parse(cls, text: str) -> "Secret | None":
        """None for anything that is not of this form."""
        found = _FORM.fullmatch(text)
        return cls(f"ten-{found[1]}", f"key-{found[2]}", found[3]) if found else None

    def __repr__(self) -> str:
        return f"Secret({self.key_id})"

    @property
    def text(self) -> str:
        return f"{PREFIX}{self.tenant_id[4:]}_{self.key_id[4:]}_{self.secret}"

    @property
    def hint(self) -> str:
        """Enough to recognise it by."""
        return f"{PREFIX}…{self.secret[-4:]}"

    @property
    def digest(self) -> str:
        """A random 256-bit secret needs no slow hash."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def fits(self, digest: str | None) -> bool:
        """In a time that does not depend on how much is right, nor on whether there is such a key (None)."""
        same = hmac.compare_digest(self.digest, digest or _DECOY)
        return same and digest is not None
