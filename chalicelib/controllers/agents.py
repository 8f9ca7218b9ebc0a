"""Use cases of agents: who calls, under which epoch, with what credentials, and heartbeats."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.controllers import signatures
from chalicelib.controllers.agent_rules import Agent, AgentKey, Boot, boot
from chalicelib.controllers.queues import QueueError, Queues
from chalicelib.controllers.rules import Contact, claims_again, is_idle
from chalicelib.controllers.store import AgentStore, ControllerStore
from chalicelib.core.caller import Incoming
from chalicelib.core.clock import Clock
from chalicelib.core.config import Config
from chalicelib.core.errors import Conflict, Forbidden, Unavailable
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import ConditionFailed, UnitOfWork, Write
from chalicelib.protocol.agents import (
    CredentialsAnswer,
    CredentialsRequest,
    Heartbeat,
    HeartbeatAnswer,
    RelayAccess,
)

RelayGrants = Callable[[str, str, str], RelayAccess]
"""Tenant, controller and the origin that the agent called us at -> access to relays (streams makes it)."""


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
        if key.revoked:
            raise _revoked()
        if not self.store.first_use(key.key_id, verified.nonce, verified.nonce_expires):
            raise signatures.replayed()
        return AgentCaller(key.tenant_id, key.controller_id, key.agent_id, key.key_id)

    def check_epoch(self, caller: AgentCaller, epoch: int) -> None:
        """Raises Conflict `epoch_superseded` unless the call comes from the boot in charge."""
        if self._agent(caller).epoch != epoch:
            raise _superseded()

    def credentials(
        self, caller: AgentCaller, request: CredentialsRequest, *, origin: str, relay: RelayGrants
    ) -> CredentialsAnswer:
        """Open an epoch for a new boot, or refresh the credentials of the one in charge.

        Raises Conflict `epoch_superseded` or `protocol_unsupported`, Unavailable without a queue.
        """
        self.check_protocol(request.protocol_version)
        epoch, opened = on_conflict(lambda: self._open_epoch(caller, request))
        controller = self.controllers.get(caller.tenant_id, caller.controller_id)
        if controller is None:
            raise _revoked()
        if opened and controller.unclaimed_since is not None:
            # Whatever kept the last boot from claiming went with it.
            self.uow.commit([self.controllers.set_unclaimed(caller.tenant_id, controller.id, None)])
        try:
            queue = self.queues.access(caller.controller_id)
        except QueueError as error:
            raise Unavailable("The command queue does not answer.", retry_after=5) from error
        return CredentialsAnswer(
            epoch=epoch,
            queue=queue,
            relay=relay(caller.tenant_id, caller.controller_id, origin),
            jwks_url=f"{origin}/.well-known/jwks.json",
            intervals=self.config.timings.for_agents(idle=is_idle(controller)),
            server_time=self.clock(),
        )

    def heartbeat(self, caller: AgentCaller, heartbeat: Heartbeat) -> HeartbeatAnswer:
        """Keep what it says, and set when the next one is due.

        Raises Conflict `epoch_superseded` or `protocol_unsupported`, Forbidden `agent_revoked`.
        """
        self.check_protocol(heartbeat.protocol_version)
        self.check_epoch(caller, heartbeat.epoch)
        controller = self.controllers.get(caller.tenant_id, caller.controller_id)
        if controller is None:
            raise _revoked()
        now = self.clock()
        intervals = self.config.timings.for_agents(idle=is_idle(controller) and not heartbeat.instances)
        contact = Contact(now, intervals.heartbeat, heartbeat.agent_version, heartbeat.protocol_version)
        again = claims_again(controller, heartbeat.polling, now, self.config.timings)
        try:
            self.uow.commit([self.controllers.heard(controller, heartbeat, contact, claims_again=again)])
        except ConditionFailed:
            raise _revoked() from None
        return HeartbeatAnswer(intervals=intervals, server_time=now)

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

    def _open_epoch(self, caller: AgentCaller, request: CredentialsRequest) -> tuple[int, bool]:
        """The epoch of this boot, and whether it has just begun."""
        agent = self._agent(caller)
        kind = boot(agent, request.boot_id)
        if kind is Boot.SUPERSEDED:
            raise _superseded()
        if kind is Boot.CURRENT:
            return agent.epoch, False
        self.uow.commit([self.store.open_epoch(agent, request.boot_id, request.agent_version, self.clock())])
        return agent.epoch + 1, True

    def _agent(self, caller: AgentCaller) -> Agent:
        agent = self.store.agent(caller.tenant_id, caller.controller_id, caller.agent_id)
        if agent is None:
            raise _revoked()
        return agent


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
