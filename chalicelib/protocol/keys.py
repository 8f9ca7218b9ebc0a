"""Changing an agent's key: the two messages, what is signed as proof, and the id that the new key gets.

The id follows from the key, so that an agent which never heard the answer knows it all the same: when its old
key is refused, it signs with the new one.
"""

import base64
import hashlib

from chalicelib.protocol.base import Timestamp, Wire

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32, as all ids use it."""
_DIGITS = 26


class KeyRotation(Wire):
    """POST /agent/v1/keys, signed with the present key. `public_key` is the new raw Ed25519 key and `proof`
    the new key's signature over `rotation_proof`; both are base64url without padding.

    Refusals: 422 `invalid` (no such key, or the proof does not fit), 409 `key_replaced` (another key than
    this one has replaced the caller's already), 409 `key_in_use` (another agent has it), 409
    `epoch_superseded`.
    """

    epoch: int
    public_key: str
    proof: str


class KeyRotated(Wire):
    """Sign with the new key under `key_id` from now on. The key before is accepted until `previous_until`.
    The same `public_key` again gets the same answer, whichever of the two keys signed the call."""

    key_id: str
    previous_until: Timestamp


def rotation_proof(signing_key_id: str, public_key: str) -> bytes:
    """What the new key signs to show that its private half is there. `signing_key_id` is the `keyid` of the
    call's own signature; `public_key` is the text that the message carries."""
    return f"streamspace-key-rotation\n{signing_key_id}\n{public_key}".encode("ascii")


def rotated_key_id(public_key: str) -> str:
    """The id of a key that came by rotation: `key-` and the first 130 bits of the raw key's SHA-256, five
    bits a character, highest first. Raises ValueError if that is no base64url."""
    raw = base64.urlsafe_b64decode(public_key.encode("ascii") + b"=" * (-len(public_key) % 4))
    number = int.from_bytes(hashlib.sha256(raw).digest()) >> (256 - 5 * _DIGITS)
    digits = [_ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(_DIGITS))]
    return "key-" + "".join(digits)
