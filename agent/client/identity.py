"""Who this agent is, on disk: its key, what enrolment answered, and the next key while it changes.

A key is made, written (0600) and synced before anybody hears of it, so that a lost answer can be asked for
again with the same key.
"""

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import ValidationError

from agent.client.files import private_folder, sync_folder, write_atomically
from chalicelib.protocol.agents import EnrollAnswer
from chalicelib.protocol.base import Wire
from chalicelib.protocol.keys import rotated_key_id

_KEY_FILE = "agent.key"
_NEXT_KEY_FILE = "next.key"
_ENROLMENT_FILE = "enrolment.json"


class IdentityUnreadable(Exception):
    """A file of the state folder is damaged; the message says which and what to do."""


class Enrolment(Wire):
    """The stored answer to enrolment, and where it was asked for."""

    url: str
    platform: str
    token_sha256: str
    answer: EnrollAnswer
    public_key: str | None = None
    """The key that was enrolled. Files from before keys changed lack it: the key beside them is that one."""

    def made_with(self, token: str) -> bool:
        """Whether this token is the one that was used. Only its hash is kept."""
        return self.token_sha256 == hash_token(token)

    def key_id(self, public_key: str) -> str:
        """The id under which a key of this agent signs."""
        enrolled = self.public_key in (None, public_key)
        return self.answer.key_id if enrolled else rotated_key_id(public_key)


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
            _write(path, Ed25519PrivateKey.generate())
        try:
            return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
        except ValueError as error:
            raise IdentityUnreadable(
                f"{path} is not an Ed25519 key. Restore it, or remove {self.folder} and enrol again."
            ) from error

    def next_key(self) -> Ed25519PrivateKey | None:
        """The key that a change is under way to. One that cannot be read was never told to anybody: it is
        written whole before that."""
        path = self.folder / _NEXT_KEY_FILE
        try:
            return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            path.unlink(missing_ok=True)
            return None

    def make_next_key(self) -> Ed25519PrivateKey:
        """A new one, durable before this returns. Raises OSError."""
        fresh = Ed25519PrivateKey.generate()
        _write(self.folder / _NEXT_KEY_FILE, fresh)
        return fresh

    def switch(self, to: Ed25519PrivateKey) -> None:
        """The next key is the key, in one step that needs no room on the disk. Safe to repeat.

        Raises OSError.
        """
        try:
            os.replace(self.folder / _NEXT_KEY_FILE, self.folder / _KEY_FILE)
        except FileNotFoundError:
            _write(self.folder / _KEY_FILE, to)
        sync_folder(self.folder)

    def drop_next_key(self) -> None:
        """There is no change under way any more."""
        (self.folder / _NEXT_KEY_FILE).unlink(missing_ok=True)

    def named(self, enrolment: Enrolment, key: Ed25519PrivateKey) -> Enrolment:
        """With the key that was enrolled, which is `key` unless it says otherwise; durable before another key
        can take its place. Raises OSError."""
        if enrolment.public_key is None:
            enrolment = enrolment.model_copy(update={"public_key": public_key_text(key)})
            self.remember(enrolment)
        return enrolment

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


def _write(path: Path, key: Ed25519PrivateKey) -> None:
    write_atomically(path, key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))


def public_key_text(key: Ed25519PrivateKey) -> str:
    """The raw public key, base64url without padding, as enrolment sends it."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
