"""The agents that serve a controller, for administrators: who they are, and shutting one out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.controllers.agent_rules import Agent, AgentState, agent_state
from chalicelib.controllers.rules import Controller
from chalicelib.controllers.service import ControllerService
from chalicelib.core import trail
from chalicelib.core.errors import NotFound
from chalicelib.core.retry import on_conflict

Replaced = Callable[[str, str], None]
"""Takes tenant and controller whose queue was replaced, and fails nobody's request."""


@dataclass(frozen=True)
class Serving:
    """An agent with its state at the moment of asking."""

    agent: Agent
    state: AgentState

    @property
    def last_seen_at(self) -> datetime | None:
        """When its last heartbeat came."""
        return self.agent.contact.seen_at if self.agent.contact else None


@dataclass(frozen=True)
class ServingService:
    """`on_replaced` sends again what was lost with a queue."""

    controllers: ControllerService
    on_replaced: Replaced

    def of(self, tenant_id: str, controller_id: str) -> list[Serving]:
        """A controller's agents, oldest first. Raises NotFound."""
        self.controllers.get(tenant_id, controller_id)
        now, timings = self.controllers.clock(), self.controllers.timings
        agents = self.controllers.agents.store.agents_of(tenant_id, controller_id)
        return [Serving(each, agent_state(each, now, timings)) for each in agents]

    def came_by(self, tenant_id: str, token_id: str) -> list[Serving]:
        """The agents that enrolled with a token, oldest first; none where nobody has, or there is none."""
        now, timings = self.controllers.clock(), self.controllers.timings
        agents = self.controllers.agents.store.came_by(tenant_id, token_id)
        found = sorted(agents, key=lambda each: each.created_at)
        return [Serving(each, agent_state(each, now, timings)) for each in found]

    def revoke(self, tenant_id: str, controller_id: str, agent_id: str) -> None:
        """Refuse an agent from its next call on, and replace the queue, which its credentials open for an
        hour. Sessions go on running; what it had claimed is taken over when its lease has run out.

        If this dies after the commit, the agent is out all the same: whoever sends to the controller or hears
        from it deletes the old queue, and the sweeper sends again. Raises NotFound.
        """
        controller = on_conflict(lambda: self._revoke(tenant_id, controller_id, agent_id))
        self.controllers.agents.delete_old_queues(controller)
        self.on_replaced(tenant_id, controller_id)

    def _revoke(self, tenant_id: str, controller_id: str, agent_id: str) -> Controller:
        service = self.controllers
        controller = service.get(tenant_id, controller_id).controller
        agent = service.agents.store.agent(tenant_id, controller_id, agent_id)
        if agent is None:
            raise NotFound.of("agent", agent_id)
        trail.note(controller_id=controller_id, controller=controller.name)
        revoked = service.agents.store.revoke(agent, service.clock())
        service.uow.commit([service.store.replace_queue(controller), *revoked])
        return service.get(tenant_id, controller_id).controller
