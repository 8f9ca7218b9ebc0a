"""HTTP of draining and pausing controllers, for administrators."""

from collections.abc import Callable

from chalicelib.controllers.maintenance import MaintenanceService
from chalicelib.controllers.schemas import ControllerView, DrainController, PauseController
from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import NotFound
from chalicelib.identity.service import User

_WRITE = "controllers:write"
_DRAIN, _PAUSE = "/v1/controllers/{controller_id}/drain", "/v1/controllers/{controller_id}/pause"


def build(service: MaintenanceService, authenticate: Callable[[Incoming], User]) -> Api[User]:
    """The routes."""
    api = Api("controllers", authenticate)
    _drains(api, service)
    _pauses(api, service)
    return api


def _drains(api: Api[User], service: MaintenanceService) -> None:
    @api.put(
        _DRAIN,
        body=DrainController,
        answers=ControllerView,
        permission=_WRITE,
        raises=(NotFound,),
        audit="controller.drain",
    )
    def drain_controller(call: Call[User], controller_id: str, body: DrainController) -> ControllerView:
        """Take no new sessions, and with `move` hibernate those that run. It goes on by itself until done."""
        caller = call.caller
        found = service.drain(
            caller.tenant_id, controller_id, body.mode, by=caller.user_id, reason=body.reason
        )
        return ControllerView.of(found)

    @api.delete(
        _DRAIN, answers=ControllerView, permission=_WRITE, raises=(NotFound,), audit="controller.undrain"
    )
    def undrain_controller(call: Call[User], controller_id: str) -> ControllerView:
        """Take sessions again. What was hibernated stays so until its people wake it."""
        return ControllerView.of(service.undrain(call.caller.tenant_id, controller_id))


def _pauses(api: Api[User], service: MaintenanceService) -> None:
    @api.put(
        _PAUSE,
        body=PauseController,
        answers=ControllerView,
        permission=_WRITE,
        raises=(NotFound,),
        audit="controller.pause",
    )
    def pause_controller(call: Call[User], controller_id: str, body: PauseController) -> ControllerView:
        """Leave a controller alone for a while: its agents are given no work, and silence says nothing."""
        found = service.pause(call.caller.tenant_id, controller_id, body.seconds, reason=body.reason)
        return ControllerView.of(found)

    @api.delete(
        _PAUSE, answers=ControllerView, permission=_WRITE, raises=(NotFound,), audit="controller.resume"
    )
    def resume_controller(call: Call[User], controller_id: str) -> ControllerView:
        """End a pause before its time."""
        return ControllerView.of(service.resume(call.caller.tenant_id, controller_id))
