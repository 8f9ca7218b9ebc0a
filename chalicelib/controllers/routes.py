"""HTTP of controllers: for administrators, for agents before they are known, and after."""

from collections.abc import Callable

from chalicelib.controllers.agents import RelayGrants
from chalicelib.controllers.enrollment_schemas import CreateEnrollmentToken, EnrollmentTokenView
from chalicelib.controllers.schemas import ChangeController, ControllerPage, ControllerView
from chalicelib.controllers.service import AgentCaller, AgentService, ControllerService, EnrollmentService
from chalicelib.core import paging
from chalicelib.core.api import Api, Call, anonymous
from chalicelib.core.caller import Anonymous, Incoming
from chalicelib.core.errors import Conflict, Forbidden, Gone, NotFound, Unauthenticated
from chalicelib.core.schemas import PageQuery
from chalicelib.identity.service import User
from chalicelib.protocol.agents import (
    CredentialsAnswer,
    CredentialsRequest,
    EnrollAnswer,
    EnrollRequest,
    Heartbeat,
    HeartbeatAnswer,
)


def build(
    service: ControllerService, enrollment: EnrollmentService, authenticate: Callable[[Incoming], User]
) -> Api[User]:
    """The routes of people."""
    api = Api("controllers", authenticate)

    @api.get("/v1/controllers", query=PageQuery, answers=ControllerPage, permission="controllers:read")
    def controllers(call: Call[User], query: PageQuery) -> ControllerPage:
        """The backends that sessions run on, oldest first."""
        scope = f"controllers/{call.caller.tenant_id}"
        after = paging.unseal(query.cursor, scope=scope)
        found, position = service.page(call.caller.tenant_id, query.limit, after)
        items = [ControllerView.of(each) for each in found]
        return ControllerPage(items=items, next_cursor=paging.seal(position, scope=scope))

    @api.post(
        "/v1/controllers/enrollment-tokens",
        body=CreateEnrollmentToken,
        status=201,
        answers=EnrollmentTokenView,
        permission="controllers:write",
        raises=(NotFound,),
        audit="enrollment_token.create",
    )
    def create_enrollment_token(call: Call[User], body: CreateEnrollmentToken) -> EnrollmentTokenView:
        """Create a token, good for 30 minutes, that makes an agent known, or several of one controller."""
        issued = enrollment.create_token(
            call.caller.tenant_id,
            call.caller.user_id,
            name=body.name,
            labels=body.labels,
            group_ids=body.group_ids,
            controller_id=body.controller_id,
            agents=body.agents,
        )
        return EnrollmentTokenView.of(issued, enrollment.config.public_url)

    @api.get(
        "/v1/controllers/{controller_id}",
        answers=ControllerView,
        permission="controllers:read",
        raises=(NotFound,),
    )
    def controller(call: Call[User], controller_id: str) -> ControllerView:
        """One controller."""
        return ControllerView.of(service.get(call.caller.tenant_id, controller_id))

    @api.patch(
        "/v1/controllers/{controller_id}",
        body=ChangeController,
        answers=ControllerView,
        permission="controllers:write",
        raises=(NotFound,),
        audit="controller.change",
    )
    def change_controller(call: Call[User], controller_id: str, body: ChangeController) -> ControllerView:
        """Rename, label, limit, cordon or uncordon a controller."""
        return ControllerView.of(service.change(call.caller.tenant_id, controller_id, body.to_change()))

    @api.delete(
        "/v1/controllers/{controller_id}",
        status=204,
        permission="controllers:write",
        raises=(NotFound, Conflict),
        audit="controller.remove",
    )
    def remove_controller(call: Call[User], controller_id: str) -> None:
        """Remove a controller and refuse its agents from now on. Refused while it holds sessions."""
        service.remove(call.caller.tenant_id, controller_id)

    return api


def build_enrollment(service: EnrollmentService) -> Api[Anonymous]:
    """The one call of an agent that is not signed yet."""
    api = Api("enrollment", anonymous, security=None)

    @api.post(
        "/agent/v1/enroll",
        body=EnrollRequest,
        answers=EnrollAnswer,
        raises=(Unauthenticated, Forbidden, NotFound, Conflict, Gone),
        audit="agent.enroll",
    )
    def enroll(call: Call[Anonymous], body: EnrollRequest) -> EnrollAnswer:
        """Trade an enrolment token and a public key for an identity."""
        return service.enroll(body)

    return api


def build_agent(
    service: AgentService,
    *,
    relay_access: RelayGrants,
    on_heartbeat: Callable[[AgentCaller, Heartbeat], None],
) -> Api[AgentCaller]:
    """The signed calls about the agent itself. `relay_access` takes the controller and the origin that we
    were called at; `on_heartbeat` lets sessions use what a heartbeat says."""
    api = Api("agents", service.authenticate, security="agent")

    @api.post("/agent/v1/credentials", body=CredentialsRequest, answers=CredentialsAnswer, raises=(Conflict,))
    def credentials(call: Call[AgentCaller], body: CredentialsRequest) -> CredentialsAnswer:
        """Open an epoch for this boot; access to the queue and to relays."""
        return service.credentials(call.caller, body, origin=call.incoming.origin, relay=relay_access)

    @api.post("/agent/v1/heartbeat", body=Heartbeat, answers=HeartbeatAnswer, raises=(Conflict,))
    def heartbeat(call: Call[AgentCaller], body: Heartbeat) -> HeartbeatAnswer:
        """Capacity, usage and health; the answer says when the next one is due."""
        answer = service.heartbeat(call.caller, body)
        on_heartbeat(call.caller, body)
        return answer

    return api
