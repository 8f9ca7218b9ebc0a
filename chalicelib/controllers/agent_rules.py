"""Tokens, agents, keys and epochs: who may speak for a controller."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

BOOTS_KEPT = 50
"""A clone that slept through more boots than these would pass for a new one, and supersede visibly."""


@dataclass(frozen=True)
class EnrollmentToken:
    """Single use; only its hash is kept. `controller_id` binds it to an existing controller. `used_key_id`
    is the key that it was used with."""

    token_hash: str
    tenant_id: str
    expires_at: datetime
    created_by: str
    controller_id: str | None = None
    name: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    group_ids: tuple[str, ...] = ()
    used_key_id: str | None = None


@dataclass(frozen=True)
class Agent:
    """One process that serves a controller. `epoch` grows with each boot; 0 before the first. `past_boots`
    are recognised, so that a clone that was superseded does not pass for a new boot."""

    tenant_id: str
    controller_id: str
    id: str
    key_id: str
    created_at: datetime
    epoch: int = 0
    boot_id: str | None = None
    past_boots: tuple[str, ...] = ()
    version: str = ""


@dataclass(frozen=True)
class AgentKey:
    """A public key (raw Ed25519, base64url) and whose it is. Found by `key_id`, before anything is known."""

    key_id: str
    public_key: str
    tenant_id: str
    controller_id: str
    agent_id: str
    revoked: bool = False


class Boot(StrEnum):
    """What a boot id is to an agent."""

    CURRENT = "current"
    NEW = "new"
    SUPERSEDED = "superseded"


def boot(agent: Agent, boot_id: str) -> Boot:
    """Whether this boot is the one in charge, one never seen before, or one that a later boot replaced."""
    if boot_id == agent.boot_id:
        return Boot.CURRENT
    return Boot.SUPERSEDED if boot_id in agent.past_boots else Boot.NEW


def boots_after(agent: Agent) -> tuple[str, ...]:
    """The past boots once another one takes over."""
    past = (*agent.past_boots, agent.boot_id) if agent.boot_id else agent.past_boots
    return past[-BOOTS_KEPT:]


def hash_token(token: str) -> str:
    """256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
