"""Who this agent is, on disk: its key, and what enrolment answered.

The key is made, written (0600) and synced before the first call, so that a lost answer can be asked for again
with the same token and key.
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import ValidationError

from agent.client.files import private_folder, write_atomically
from chalicelib.protocol.agents import EnrollAnswer
from chalicelib.protocol.base import Wire

_KEY_FILE = "agent.key"
_ENROLMENT_FILE = "enrolment.json"


class IdentityUnreadable(Exception):
    """A file of the state folder is damaged; the message says which and what to do."""


class Enrolment(Wire):
    """The stored answer to enrolment, and where it was asked for."""

    url: str
    platform: str
    token_sha256: str
    answer: EnrollAnswer

    def made_with(self, token: str) -> bool:
        """Whether this token is the one that was used. Only its hash is kept."""
        return self.token_sha256 == hash_token(token)


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class IdentityStore:
    """The state folder's identity files."""

    folder: Path

    def key(self) -> Ed25519PrivateKey:
        """The agent's key, made on first use and durable before this returns."""
        path = private_folder(self.folder) / _KEY_FILE
        if not path.exists():
            fresh = Ed25519PrivateKey.generate()
            write_atomically(path, fresh.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
        try:
            return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
        except ValueError as error:
            raise IdentityUnreadable(
                f"{path} is not an Ed25519 key. Restore it, or remove {self.folder} and enrol again."
            ) from error

    def enrolment(self) -> Enrolment | None:
        """What was stored, or None if this agent was never enrolled."""
        path = self.folder / _ENROLMENT_FILE
        try:
            return Enrolment.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise IdentityUnreadable(f"{path} cannot be read. Remove it and enrol again.") from error

    def remember(self, enrolment: Enrolment) -> None:
        """Store it in one step."""
        write_atomically(private_folder(self.folder) / _ENROLMENT_FILE, enrolment.model_dump_json().encode())


def public_key_text(key: Ed25519PrivateKey) -> str:
    """The raw public key, base64url without padding, as enrolment sends it."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
