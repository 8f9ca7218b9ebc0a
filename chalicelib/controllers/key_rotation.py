"""An agent changes its key: proof of possession, overlap, and the same answer to the same question."""

import base64
from dataclasses import dataclass
from datetime import timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chalicelib.controllers.agent_rules import Agent, AgentKey
from chalicelib.controllers.agents import AgentCaller, AgentService, public_key_bytes
from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.errors import Conflict, Invalid
from chalicelib.core.retry import on_conflict
from chalicelib.protocol.keys import KeyRotated, KeyRotation, rotated_key_id, rotation_proof


@dataclass(frozen=True)
class KeyRotationService:
    agents: AgentService

    def rotate(self, caller: AgentCaller, request: KeyRotation) -> KeyRotated:
        """Accept the agent's new key; the present one for an hour more. Whoever asks for the same key again,
        with either of the two, gets the same answer.

        Raises Invalid for what is no key or no proof of having it, Conflict `key_replaced`, `key_in_use` or
        `epoch_superseded`.
        """
        key_id = _proven(caller, request)
        return on_conflict(lambda: self._rotate(caller, request, key_id))

    def _rotate(self, caller: AgentCaller, request: KeyRotation, key_id: str) -> KeyRotated:
        agent = self.agents.current(caller, request.epoch)
        if agent.key_id == key_id:
            return KeyRotated(key_id=key_id, previous_until=agent.previous_until or self.agents.clock())
        if caller.key_id != agent.key_id:
            raise Conflict(
                "Another key has replaced the one that signed this. Sign with that one.", code="key_replaced"
            )
        return self._replace(agent, AgentKey(key_id, request.public_key, *_owner(agent)))

    def _replace(self, agent: Agent, key: AgentKey) -> KeyRotated:
        now = self.agents.clock()
        # In milliseconds, as it is stored: a repetition gets the same answer to the last digit.
        until = from_millis(epoch_millis(now + timedelta(seconds=self.agents.config.timings.key_overlap)))
        self.agents.uow.commit(self.agents.store.rotate(agent, key, now, until, _taken))
        return KeyRotated(key_id=key.key_id, previous_until=until)


def _proven(caller: AgentCaller, request: KeyRotation) -> str:
    """The id of the new key, whose private half the agent has shown to have."""
    try:
        raw = public_key_bytes(request.public_key)
        if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != request.public_key:
            raise ValueError("not the one way to write it")
        key = Ed25519PublicKey.from_public_bytes(raw)
    except ValueError:
        raise Invalid.field("public_key", "Send a raw Ed25519 key, base64url without padding.") from None
    try:
        proof = base64.urlsafe_b64decode(request.proof.encode("ascii") + b"=" * (-len(request.proof) % 4))
        key.verify(proof, rotation_proof(caller.key_id, request.public_key))
    except (ValueError, InvalidSignature):
        raise Invalid.field("proof", "Send the new key's signature over the text of the rotation.") from None
    return rotated_key_id(request.public_key)


def _owner(agent: Agent) -> tuple[str, str, str]:
    return agent.tenant_id, agent.controller_id, agent.id


def _taken() -> Conflict:
    return Conflict("Another agent has this key. Make a new one.", code="key_in_use")
