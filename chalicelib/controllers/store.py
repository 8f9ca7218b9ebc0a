"""What controllers need from storage."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from chalicelib.controllers.agent_rules import Agent, AgentKey, EnrollmentToken
from chalicelib.controllers.maintenance_rules import Drain, Pause
from chalicelib.controllers.rules import Contact, Controller, HealthReport
from chalicelib.core.unit_of_work import Refusal, Write
from chalicelib.protocol.agents import Heartbeat
from chalicelib.quotas.service import Amount


@dataclass(frozen=True)
class Change:
    """What an administrator changes. A field that is None stays; `clear_session_limit` removes the limit."""

    name: str | None = None
    labels: dict[str, str] | None = None
    cordoned: bool | None = None
    session_limit: int | None = None
    clear_session_limit: bool = False
    group_ids: tuple[str, ...] | None = None


class ControllerStore(Protocol):
    """Controllers, and which backend each of them is."""

    def get(self, tenant_id: str, controller_id: str, *, consistent: bool = False) -> Controller | None: ...

    def all_of(self, tenant_id: str) -> list[Controller]: ...

    def page(
        self, tenant_id: str, limit: int, after: dict[str, Any] | None
    ) -> tuple[list[Controller], dict[str, Any] | None]:
        """Oldest first, and the position to go on from."""

    def from_image(self, image: Mapping[str, Any]) -> Controller:
        """Out of a table stream's record (DynamoDB JSON)."""

    def of_backend(self, tenant_id: str, backend_id: str) -> str | None:
        """The id of the controller that this backend is."""

    def add(self, controller: Controller) -> list[Write]:
        """The row and its backend's; fails if the backend became known meanwhile."""

    def must_exist(self, controller: Controller) -> Write:
        """Fails if it was deleted meanwhile."""

    def change(self, tenant_id: str, controller_id: str, change: Change) -> Write: ...

    def set_drain(self, tenant_id: str, controller_id: str, drain: Drain | None) -> Write:
        """Raises NotFound."""

    def set_pause(self, tenant_id: str, controller_id: str, pause: Pause) -> Write:
        """Raises NotFound."""

    def still_drains(self, controller: Controller) -> Write:
        """Fails unless its drain is the one that `controller` says."""

    def heard(
        self,
        controller: Controller,
        heartbeat: Heartbeat,
        contact: Contact,
        health: HealthReport,
        *,
        claims_again: bool,
    ) -> Write:
        """What a heartbeat says; `health` is that of all agents together; `claims_again` ends
        `unclaimed_since`. Fails if the row is gone."""

    def replace_queue(self, controller: Controller) -> Write:
        """The next number. Fails if the queue was replaced meanwhile."""

    def queues_deleted(self, controller: Controller) -> Write:
        """None of the `old_queues` is left. Fails if the queue was replaced meanwhile."""

    def set_unclaimed(self, tenant_id: str, controller_id: str, since: datetime | None) -> Write: ...

    def book(self, controller: Controller, amount: Amount) -> Write:
        """Fails unless it fits, capacity and pause are what `controller` says, and it is neither cordoned nor
        drained. One that takes up memory counts as awake."""

    def unbook(self, tenant_id: str, controller_id: str, amount: Amount) -> Write: ...

    def remove(self, controller: Controller) -> list[Write]:
        """Refused with Conflict `controller_in_use` while anything is booked."""

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of the tenant's, whatever is booked; True when none is left."""


class AgentStore(Protocol):
    """Agents, their keys, enrolment tokens and nonces."""

    def token(self, token_hash: str) -> EnrollmentToken | None: ...

    def add_token(self, token: EnrollmentToken) -> Write: ...

    def use_token(self, token: EnrollmentToken, key: AgentKey) -> Write:
        """One use more, which binds it to the key's controller. Fails if it was used meanwhile."""

    def key(self, key_id: str) -> AgentKey | None: ...

    def add_agent(self, agent: Agent, key: AgentKey) -> list[Write]: ...

    def agent(self, tenant_id: str, controller_id: str, agent_id: str) -> Agent | None: ...

    def agents_of(self, tenant_id: str, controller_id: str) -> list[Agent]: ...

    def came_by(self, tenant_id: str, token_id: str) -> list[Agent]:
        """Those that enrolled with this token, whatever their controller."""

    def open_epoch(
        self, agent: Agent, boot_id: str, agent_version: str, protocol_version: int, now: datetime
    ) -> Write:
        """The next epoch, for this boot; fails if another boot opened one meanwhile."""

    def heard(self, agent: Agent, contact: Contact, health: HealthReport) -> Write:
        """What its heartbeat says of itself. Fails if it was revoked or another boot took over."""

    def rotate(
        self, agent: Agent, key: AgentKey, now: datetime, until: datetime, taken: Refusal
    ) -> list[Write]:
        """`key` is its key from now on, the present one is accepted `until` then, one before that no more.
        Fails if its key changed meanwhile; refused with `taken` if the new one is somebody's already."""

    def revoke(self, agent: Agent, now: datetime) -> list[Write]:
        """The agent goes and its keys are refused from now on. Fails if its key changed meanwhile."""

    def every(self, tenant_id: str) -> list[Agent]:
        """Of all of the tenant's controllers."""

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of the tenant's agents, keys and tokens; True when none is left to be seen (keys and
        tokens are found through an index, which may lag)."""

    def first_use(self, key_id: str, nonce: str, expires_at: datetime) -> bool:
        """Remember a nonce until then. False if it is remembered already."""
