"""Draining and pausing the desk's controller, as its administrator."""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.controllers.service import AgentCaller
from tests.support.desk import Desk


def ask(desk: Desk, method: str, what: str = "", **body: Any) -> Any:
    """The controller after a PUT or DELETE of its `drain` or `pause`."""
    path = f"/v1/controllers/{desk.agent.controller_id}/{what}".rstrip("/")
    answer = desk.client(method, path, body or None, token=desk.tenant.admin)
    assert answer.status == 200, answer.text
    return answer.json


def drain(desk: Desk, mode: str = "move", **body: Any) -> Any:
    return ask(desk, "PUT", "drain", mode=mode, **body)


def pause(desk: Desk, seconds: int = 3600, **body: Any) -> Any:
    return ask(desk, "PUT", "pause", seconds=seconds, **body)


def remaining(desk: Desk) -> int:
    found: int = ask(desk, "GET")["drain"]["remaining"]
    return found


def beat(desk: Desk, after: float) -> None:
    """What a heartbeat so many seconds from now makes sessions do."""
    desk.agent.beat()
    service = desk.later(after)
    contact = timedelta(seconds=after)
    store = service.controllers.store
    controller = store.get(desk.tenant.id, desk.agent.controller_id, consistent=True)
    assert controller is not None
    assert controller.contact is not None
    _seen(desk, controller.contact.seen_at + contact)
    enrolment = desk.agent.enrolment
    caller = AgentCaller(desk.tenant.id, desk.agent.controller_id, enrolment["agent_id"], enrolment["key_id"])
    service.drains.heard(caller)


def _seen(desk: Desk, at: datetime) -> None:
    from chalicelib.controllers.row_models import ControllerRow
    from chalicelib.core.clock import epoch_millis

    ControllerRow(desk.tenant.id, desk.agent.controller_id).update(
        actions=[ControllerRow.seen_at.set(epoch_millis(at))]
    )
