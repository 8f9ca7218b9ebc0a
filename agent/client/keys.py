"""The agent's keys at work: signs calls with the present one, and changes to the next without a gap.

On disk there are `agent.key` and, while a change is under way, `next.key`. The next key is written and synced
before anybody hears of it, and one rename makes it the present one, so that a crash leaves:

* before the call: both files; the control plane knows the old key, the call is made again;
* after the call, its answer lost or not: both files; the control plane knows both keys for an hour, the call
  is made again and answered like before; later the old key is refused and the next one is tried (`spare`),
  whose id follows from the key itself;
* after the rename: the next key alone, which is the present one now.
"""

import base64
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.client.identity import Enrolment, IdentityStore, public_key_text
from agent.client.port import Proposal
from agent.client.signing import Signer
from chalicelib.protocol.keys import rotation_proof

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Held:
    """A key in use, or about to be."""

    private: Ed25519PrivateKey
    key_id: str
    signer: Signer


class KeyRing:
    """Implements `port.Keys`, and signs as `signing.Signer` does."""

    def __init__(self, store: IdentityStore, enrolment: Enrolment, *, now: Callable[[], datetime]) -> None:
        """Raises IdentityUnreadable."""
        self._store = store
        self._enrolment = enrolment
        self._now = now
        self._present = self._held(store.key())
        self._changed = False
        self._saved = True
        waiting = store.next_key()
        self._next = None if waiting is None else self._held(waiting)

    @property
    def key_id(self) -> str:
        """The id of the present key."""
        return self._present.key_id

    @property
    def pending(self) -> bool:
        return self._next is not None

    def headers(self, method: str, path: str, body: bytes) -> dict[str, str]:
        """The present key's signature."""
        return self._present.signer.headers(method, path, body)

    def spare(self) -> "Spare | None":
        """What to try when the present key is refused: the next one, which the control plane may know though
        its answer never came here; or the present one, if it became that while a call was under way."""
        held = self._next or (self._present if self._changed else None)
        return None if held is None else Spare(self, held)

    def propose(self) -> Proposal:
        if not self._saved:
            # The file of the next key is this one's only place on disk.
            self._store.switch(self._present.private)
            self._saved = True
        if self._next is None:
            self._enrolment = self._store.named(self._enrolment, self._present.private)
            self._next = self._held(self._store.make_next_key())
        text = public_key_text(self._next.private)
        proof = self._next.private.sign(rotation_proof(self._present.key_id, text))
        return Proposal(text, base64.urlsafe_b64encode(proof).rstrip(b"=").decode())

    def adopt(self) -> None:
        if self._next is not None:
            self._store.switch(self._next.private)
            self._switched(self._next)

    def discard(self) -> None:
        if self._next is not None:
            self._store.drop_next_key()
            self._next = None

    def accepted(self, held: Held) -> None:
        """The control plane takes calls that are signed with this spare. A disk that does not record it is no
        reason to stop: the next boot finds out in the same way."""
        if held is not self._next:
            return
        try:
            self._store.switch(held.private)
        except OSError as error:
            self._saved = False
            _log.warning("The new key is in use, but not on disk as such: %s", error)
        self._switched(held)

    def _switched(self, held: Held) -> None:
        self._present, self._next, self._changed = held, None, True
        _log.info("Calls are signed with the new key %s.", held.key_id)

    def _held(self, private: Ed25519PrivateKey) -> Held:
        key_id = self._enrolment.key_id(public_key_text(private))
        authority = self._enrolment.answer.authority
        return Held(private, key_id, Signer(private, key_id=key_id, authority=authority, now=self._now))


@dataclass(frozen=True)
class Spare:
    """Another key to sign a refused call with."""

    ring: KeyRing
    held: Held

    def headers(self, method: str, path: str, body: bytes) -> dict[str, str]:
        """This key's signature."""
        return self.held.signer.headers(method, path, body)

    def accepted(self) -> None:
        """It was not refused: it is the present key from now on."""
        self.ring.accepted(self.held)
