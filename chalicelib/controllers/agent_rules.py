"""Tokens, agents, keys and epochs: who may speak for a controller, and how those who do are."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.controllers.rules import SEEN_RECENTLY_GRACE, Contact, HealthReport
from chalicelib.core.config import Timings

BOOTS_KEPT = 32
"""A clone that slept through more boots than these would pass for a new one, and supersede visibly."""
_MARK = 8


@dataclass(frozen=True)
class EnrollmentToken:
    """For as many `agents`, all of one controller: `controller_id`, which is given, or is its first use's.
    Only its hash is kept; `id` is what it is spoken of by. `used_key_ids` are the keys that it was used
    with."""

    token_hash: str
    id: str
    tenant_id: str
    expires_at: datetime
    created_by: str
    controller_id: str | None = None
    name: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    group_ids: tuple[str, ...] = ()
    agents: int = 1
    used_key_ids: tuple[str, ...] = ()

    @property
    def used_up(self) -> bool:
        """Whether no other agent may use it."""
        return len(self.used_key_ids) >= self.agents


@dataclass(frozen=True)
class Agent:
    """One process that serves a controller. `epoch` grows with each boot; 0 before the first. `past_boots`
    are recognised by their marks, so that a clone that was superseded does not pass for a new boot.
    `contact` and `health` are of its last heartbeat; `previous_key_id` is accepted until `previous_until`.
    It came by the token `token_id`."""

    tenant_id: str
    controller_id: str
    id: str
    key_id: str
    created_at: datetime
    epoch: int = 0
    boot_id: str | None = None
    past_boots: tuple[str, ...] = ()
    version: str = ""
    protocol_version: int | None = None
    contact: Contact | None = None
    health: HealthReport = field(default_factory=HealthReport)
    previous_key_id: str | None = None
    previous_until: datetime | None = None
    rotated_at: datetime | None = None
    token_id: str | None = None

    @property
    def key_created_at(self) -> datetime:
        """Since when it has its present key."""
        return self.rotated_at or self.created_at

    def accepted_keys(self, now: datetime) -> tuple[str, ...]:
        """Ids of the keys that its calls may be signed with."""
        previous = self.previous_key_id
        if previous is None or self.previous_until is None or now >= self.previous_until:
            return (self.key_id,)
        return (self.key_id, previous)


@dataclass(frozen=True)
class AgentKey:
    """A public key (raw Ed25519, base64url) and whose it is. Found by `key_id`, before anything is known.
    `valid_until` is set once another key has replaced it."""

    key_id: str
    public_key: str
    tenant_id: str
    controller_id: str
    agent_id: str
    revoked: bool = False
    valid_until: datetime | None = None

    def accepted(self, now: datetime) -> bool:
        """Whether calls that are signed with it are."""
        return not self.revoked and (self.valid_until is None or now < self.valid_until)


class Boot(StrEnum):
    """What a boot id is to an agent."""

    CURRENT = "current"
    NEW = "new"
    SUPERSEDED = "superseded"


def boot(agent: Agent, boot_id: str) -> Boot:
    """Whether this boot is the one in charge, one never seen before, or one that a later boot replaced."""
    if boot_id == agent.boot_id:
        return Boot.CURRENT
    return Boot.SUPERSEDED if mark(boot_id) in agent.past_boots else Boot.NEW


def boots_after(agent: Agent) -> tuple[str, ...]:
    """The past boots once another one takes over."""
    past = (*agent.past_boots, mark(agent.boot_id)) if agent.boot_id else agent.past_boots
    return past[-BOOTS_KEPT:]


def mark(boot_id: str) -> str:
    """What is kept of a boot that is over. Each heartbeat writes the row that they are on, whose size is its
    price; 48 bits tell an agent's own boots apart."""
    if len(boot_id) <= _MARK:
        return boot_id
    return base64.urlsafe_b64encode(hashlib.sha256(boot_id.encode()).digest())[:_MARK].decode()


class AgentState(StrEnum):
    """`silent`: several heartbeats are overdue."""

    ACTIVE = "active"
    SILENT = "silent"
    NEVER_SEEN = "never_seen"


def agent_state(agent: Agent, now: datetime, timings: Timings) -> AgentState:
    """Derived from its last contact, as a controller's state is."""
    if agent.contact is None:
        return AgentState.NEVER_SEEN
    patience = agent.contact.interval * (timings.degraded_after_missed + SEEN_RECENTLY_GRACE - 1)
    silent = now - agent.contact.seen_at >= timedelta(seconds=patience)
    return AgentState.SILENT if silent else AgentState.ACTIVE


def health_of(agents: Iterable[Agent], now: datetime, timings: Timings) -> HealthReport:
    """A controller's health: that of the healthiest of its agents that are heard from. They compete for its
    commands, so one that is well serves it, and one that is not does not make it flap."""
    heard = [each for each in agents if agent_state(each, now, timings) is AgentState.ACTIVE]
    best = min(heard, key=lambda each: (len(each.health.failing()), each.id), default=None)
    return best.health if best is not None else HealthReport()


def wants_rotation(agent: Agent, signed_with: str, now: datetime, timings: Timings) -> bool:
    """Whether an agent is asked for a new key. Not one that signs with its previous key: it knows that
    another one has been accepted, or will find out."""
    age = now - agent.key_created_at
    return signed_with == agent.key_id and age >= timedelta(seconds=timings.key_rotation)


def hash_token(token: str) -> str:
    """256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
