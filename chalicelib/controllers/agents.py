"""Use cases of agents: who calls, under which epoch, with what credentials, and heartbeats."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.controllers import signatures
from chalicelib.controllers.agent_rules import Agent, AgentKey, Boot, boot, health_of, wants_rotation
from chalicelib.controllers.queues import QueueError, Queues
from chalicelib.controllers.rules import Contact, Controller, HealthReport, claims_again, is_idle
from chalicelib.controllers.store import AgentStore, ControllerStore
from chalicelib.core.caller import Incoming
from chalicelib.core.clock import Clock
from chalicelib.core.config import Config
from chalicelib.core.errors import Conflict, Forbidden, Unavailable
from chalicelib.core.retry import on_conflict
from chalicelib.core.telemetry import logger
from chalicelib.core.unit_of_work import ConditionFailed, UnitOfWork, Write
from chalicelib.protocol import spoken
from chalicelib.protocol.agents import (
    CredentialsAnswer,
    CredentialsRequest,
    Heartbeat,
    HeartbeatAnswer,
    QueueAccess,
    RelayAccess,
)

RelayGrants = Callable[[Controller, str], RelayAccess]
"""The controller and the origin that its agent called us at -> access to relays (streams makes it)."""

_ACCESS_TRIES = 3


@dataclass(frozen=True)
class AgentCaller:
    """An agent after its signature was verified."""

    tenant_id: str
    controller_id: str
    agent_id: str
    key_id: str
    permissions: frozenset[str] = field(default=frozenset({"agent"}))

    @property
    def actor(self) -> str:
        return f"agent:{self.agent_id}"

    @property
    def via(self) -> str:
        return f"agent-key:{self.key_id}"


@dataclass(frozen=True)
class AgentService:
    store: AgentStore
    controllers: ControllerStore
    queues: Queues
    uow: UnitOfWork
    clock: Clock
    config: Config

    def authenticate(self, incoming: Incoming) -> AgentCaller:
        """Verify the signature, refuse a repetition, and say whose key it is.

        Raises Unauthenticated `signature_invalid` or `signature_expired`, Forbidden `agent_revoked`.
        """
        found: list[AgentKey] = []

        def lookup(key_id: str) -> bytes:
            key = self.store.key(key_id)
            if key is None:
                raise _revoked()
            found.append(key)
            return public_key_bytes(key.public_key)

        verified = signatures.verify(
            incoming, authority=self.config.agent_authority, lookup=lookup, now=self.clock()
        )
        key = found[0]
        if not key.accepted(self.clock()):
            raise _revoked()
        if not self.store.first_use(key.key_id, verified.nonce, verified.nonce_expires):
            raise signatures.replayed()
        return AgentCaller(key.tenant_id, key.controller_id, key.agent_id, key.key_id)

    def check_epoch(self, caller: AgentCaller, epoch: int) -> None:
        """Raises Conflict `epoch_superseded` unless the call comes from the boot in charge."""
        self.current(caller, epoch)

    def current(self, caller: AgentCaller, epoch: int) -> Agent:
        """Who calls. Raises Conflict `epoch_superseded` unless it is the boot in charge, Forbidden
        `agent_revoked`."""
        return _in_charge([self._agent(caller)], epoch)

    def credentials(
        self, caller: AgentCaller, request: CredentialsRequest, *, origin: str, relay: RelayGrants
    ) -> CredentialsAnswer:
        """Open an epoch for a new boot, or refresh the credentials of the one in charge.

        Raises Conflict `epoch_superseded` or `protocol_unsupported`, Unavailable without a queue.
        """
        self.check_protocol(request.protocol_version)
        # The controller first: an agent that is still there afterwards is not revoked yet, and whatever
        # revokes it replaces the queue that was read.
        controller = self._controller(caller)
        agent, opened = on_conflict(lambda: self._open_epoch(caller, request))
        if opened and controller.unclaimed_since is not None:
            # Whatever kept the last boot from claiming went with it.
            self.uow.commit([self.controllers.set_unclaimed(caller.tenant_id, controller.id, None)])
        queue, controller = self._access(caller, controller)
        now = self.clock()
        return CredentialsAnswer(
            epoch=agent.epoch,
            queue=queue,
            relay=relay(controller, origin),
            jwks_url=f"{origin}/.well-known/jwks.json",
            intervals=self.config.timings.for_agents(idle=is_idle(controller)),
            server_time=now,
            protocol_version=spoken(request.protocol_version),
            rotate_key=wants_rotation(agent, caller.key_id, now, self.config.timings),
        )

    def heartbeat(self, caller: AgentCaller, heartbeat: Heartbeat) -> HeartbeatAnswer:
        """Keep what it says, and set when the next one is due.

        Raises Conflict `epoch_superseded` or `protocol_unsupported`, Forbidden `agent_revoked`.
        """
        self.check_protocol(heartbeat.protocol_version)
        agents = self.store.agents_of(caller.tenant_id, caller.controller_id)
        agent = _in_charge([each for each in agents if each.id == caller.agent_id], heartbeat.epoch)
        # A cheap read may not see a controller that was enrolled just now; its agent would stop for good.
        controller = self.controllers.get(caller.tenant_id, caller.controller_id) or self._controller(caller)
        now = self.clock()
        intervals = self.config.timings.for_agents(idle=is_idle(controller) and not heartbeat.instances)
        contact = Contact(now, intervals.heartbeat, heartbeat.agent_version, heartbeat.protocol_version)
        own = HealthReport(heartbeat.polling, heartbeat.platform, heartbeat.streaming)
        heard = replace(agent, contact=contact, health=own)
        health = health_of([*(each for each in agents if each != agent), heard], now, self.config.timings)
        again = claims_again(controller, health.polling or heartbeat.polling, now, self.config.timings)
        try:
            # Two writes of one unit each: in one transaction they would cost four. If only the first is made,
            # the next heartbeat makes the second.
            self.uow.commit([self.store.heard(agent, contact, own)])
            self.uow.commit(
                [self.controllers.heard(controller, heartbeat, contact, health, claims_again=again)]
            )
        except ConditionFailed:
            self.check_epoch(caller, heartbeat.epoch)
            raise _revoked() from None
        self.delete_old_queues(controller)
        return HeartbeatAnswer(intervals=intervals, server_time=now)

    def delete_old_queues(self, controller: Controller) -> None:
        """Finish the replacement of a controller's queue: agents that still poll the old one find it gone and
        ask for the new one. Whoever sends to the controller or hears from it does this, so that it is done
        even if the request that replaced the queue died."""
        if not controller.old_queues:
            return
        try:
            for each in controller.old_queues:
                self.queues.erase(each)
            self.uow.commit([self.controllers.queues_deleted(controller)], aside=True)
        except QueueError as error:
            logger.warning(
                "a queue was not deleted yet", extra={"controller_id": controller.id, "error": str(error)}
            )
        except ConditionFailed:
            return  # replaced once more; the rest is for whoever comes next

    def revoke_all(self, tenant_id: str, controller_id: str) -> list[Write]:
        """Writes that refuse the keys of all of a controller's agents from now on."""
        now = self.clock()
        agents = self.store.agents_of(tenant_id, controller_id)
        return [each for agent in agents for each in self.store.revoke(agent, now)]

    def check_protocol(self, version: int) -> None:
        """Raises Conflict `protocol_unsupported`."""
        lowest = self.config.min_protocol_version
        if version < lowest:
            raise Conflict(
                f"This control plane needs protocol version {lowest} or later; the agent speaks {version}. "
                "Update the agent.",
                code="protocol_unsupported",
                extra={"min_protocol_version": lowest},
            )

    def _access(self, caller: AgentCaller, controller: Controller) -> tuple[QueueAccess, Controller]:
        """Access to the queue that is the controller's once it was given, and the controller as it is then: a
        queue that was replaced meanwhile may have been made again by our asking, and nothing would ever be
        sent to it."""
        try:
            for _ in range(_ACCESS_TRIES):
                access = self.queues.access(controller.queue)
                seen, controller = controller, self._controller(caller)
                if controller.queue == seen.queue:
                    return access, controller
                self._agent(caller)  # perhaps it was replaced to keep this very agent out
        except QueueError as error:
            raise Unavailable("The command queue does not answer.", retry_after=5) from error
        raise Unavailable("The command queue is being replaced.", retry_after=1)

    def _open_epoch(self, caller: AgentCaller, request: CredentialsRequest) -> tuple[Agent, bool]:
        """The agent with the epoch of this boot, and whether that has just begun."""
        agent = self._agent(caller)
        kind = boot(agent, request.boot_id)
        if kind is Boot.SUPERSEDED:
            raise _superseded()
        if kind is Boot.CURRENT:
            return agent, False
        self.uow.commit(
            [
                self.store.open_epoch(
                    agent, request.boot_id, request.agent_version, request.protocol_version, self.clock()
                )
            ]
        )
        return replace(agent, epoch=agent.epoch + 1), True

    def _controller(self, caller: AgentCaller) -> Controller:
        controller = self.controllers.get(caller.tenant_id, caller.controller_id, consistent=True)
        if controller is None:
            raise _revoked()
        return controller

    def _agent(self, caller: AgentCaller) -> Agent:
        agent = self.store.agent(caller.tenant_id, caller.controller_id, caller.agent_id)
        if agent is None:
            raise _revoked()
        return agent


def _in_charge(found: Sequence[Agent], epoch: int) -> Agent:
    if not found:
        raise _revoked()
    if found[0].epoch != epoch:
        raise _superseded()
    return found[0]


def public_key_bytes(text: str) -> bytes:
    """The raw key out of base64url without padding. Raises ValueError unless it is 32 bytes."""
    raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if len(raw) != 32:
        raise ValueError("An Ed25519 public key has 32 bytes.")
    return raw


def _superseded() -> Conflict:
    return Conflict("A later boot of this agent has taken over.", code="epoch_superseded")


def _revoked() -> Forbidden:
    return Forbidden("This agent's key is not, or no longer, accepted.", code="agent_revoked")
