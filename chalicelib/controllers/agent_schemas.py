"""The agents of a controller in the public API."""

from typing import Literal

from chalicelib.controllers.schemas import HealthView
from chalicelib.controllers.serving import Serving
from chalicelib.core.schemas import Page, ResponseBody, Time


class AgentView(ResponseBody):
    """A process that serves a controller. `state` was derived at the time of the answer: `silent` when
    heartbeats are overdue. `boots` counts its starts; `protocol_version` is the newest that it speaks."""

    id: str
    version: str
    protocol_version: int | None
    state: Literal["active", "silent", "never_seen"]
    last_seen_at: Time | None
    boots: int
    key_created_at: Time
    health: HealthView
    created_at: Time

    @classmethod
    def of(cls, serving: Serving) -> "AgentView":
        """An agent and its state."""
        agent = serving.agent
        return cls(
            id=agent.id,
            version=agent.version,
            protocol_version=agent.protocol_version,
            state=serving.state.value,
            last_seen_at=serving.last_seen_at,
            boots=agent.epoch,
            key_created_at=agent.key_created_at,
            health=HealthView.of(agent.health),
            created_at=agent.created_at,
        )


class AgentPage(Page[AgentView]):
    """All of them: a controller has few."""
