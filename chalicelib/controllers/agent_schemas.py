"""The agents of a controller in the public API."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.controllers.schemas import HealthView
from chalicelib.controllers.serving import Serving
from chalicelib.core.schemas import Page, RequestBody, ResponseBody, Time

TokenId = Annotated[str, StringConstraints(pattern=r"^tok-[0-9a-hjkmnp-tv-z]{26}$")]


class AgentView(ResponseBody):
    """A process that serves a controller. `state` was derived at the time of the answer: `silent` when
    heartbeats are overdue. `boots` counts its starts; `protocol_version` is the newest that it speaks."""

    id: str
    controller_id: str
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
            controller_id=agent.controller_id,
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


class AgentsQuery(RequestBody):
    enrollment_token_id: TokenId = Field(description="Those that enrolled with this token.")
