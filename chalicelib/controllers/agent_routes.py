"""HTTP of a controller's agents: for administrators, and the signed calls by which agents care for their keys
and hand over what they cannot read."""

from collections.abc import Callable

from chalicelib.controllers.agent_schemas import AgentPage, AgentsQuery, AgentView
from chalicelib.controllers.agents import AgentCaller
from chalicelib.controllers.dead_letters import DeadLetterService
from chalicelib.controllers.key_rotation import KeyRotationService
from chalicelib.controllers.serving import ServingService
from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import Conflict, Invalid, NotFound
from chalicelib.identity.service import User
from chalicelib.protocol.commands import Accepted, DeadLetterReport
from chalicelib.protocol.keys import KeyRotated, KeyRotation


def build(service: ServingService, authenticate: Callable[[Incoming], User]) -> Api[User]:
    """The routes of people."""
    api = Api("controllers", authenticate)

    @api.get(
        "/v1/controllers/{controller_id}/agents",
        answers=AgentPage,
        permission="controllers:read",
        raises=(NotFound,),
    )
    def agents(call: Call[User], controller_id: str) -> AgentPage:
        """The agents that serve a controller, oldest first."""
        found = service.of(call.caller.tenant_id, controller_id)
        return AgentPage(items=[AgentView.of(each) for each in found])

    @api.get("/v1/agents", query=AgentsQuery, answers=AgentPage, permission="controllers:read")
    def enrolled_agents(call: Call[User], query: AgentsQuery) -> AgentPage:
        """The agents that came by an enrolment token, oldest first: how far an installation is."""
        found = service.came_by(call.caller.tenant_id, query.enrollment_token_id)
        return AgentPage(items=[AgentView.of(each) for each in found])

    @api.delete(
        "/v1/controllers/{controller_id}/agents/{agent_id}",
        status=204,
        permission="controllers:write",
        raises=(NotFound,),
        audit="agent.revoke",
    )
    def revoke_agent(call: Call[User], controller_id: str, agent_id: str) -> None:
        """Refuse an agent from its next call on. Sessions go on; other agents of the controller serve it."""
        service.revoke(call.caller.tenant_id, controller_id, agent_id)

    return api


def build_signed(
    keys: KeyRotationService,
    dead_letters: DeadLetterService,
    authenticate: Callable[[Incoming], AgentCaller],
) -> Api[AgentCaller]:
    """The routes of agents."""
    api = Api("agents", authenticate, security="agent")

    @api.post("/agent/v1/keys", body=KeyRotation, answers=KeyRotated, raises=(Conflict, Invalid))
    def rotate_key(call: Call[AgentCaller], body: KeyRotation) -> KeyRotated:
        """Replace the key that signs this call by a new one."""
        return keys.rotate(call.caller, body)

    @api.post("/agent/v1/dead-letters", body=DeadLetterReport, answers=Accepted, raises=(Conflict,))
    def report_dead_letter(call: Call[AgentCaller], body: DeadLetterReport) -> Accepted:
        """Hand over a message that cannot be acted on."""
        dead_letters.report(call.caller, body)
        return Accepted()

    return api
