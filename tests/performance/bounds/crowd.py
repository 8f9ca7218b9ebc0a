"""Many sessions at once: copies of one that got there through the API, books included.

A thousand lives would take a minute each time, and what is counted afterwards is only how they are read.
"""

from dataclasses import astuple, replace
from datetime import timedelta
from typing import Any

from chalicelib.commands.service import new_session_id
from chalicelib.controllers.models import ControllerRow
from chalicelib.core.clock import utc_now
from chalicelib.quotas.service import Amount
from chalicelib.sessions import mapping
from chalicelib.sessions.entities import Session
from chalicelib.sessions.row_models import DetailsRow, SessionRow
from tests.support.desk import Desk

SMALL = {"cpu": "10m", "memory": "16Mi"}
_LONG_AGO = timedelta(hours=1)


def running(desk: Desk, count: int) -> list[str]:
    """So many sessions that have been running for an hour; their ids in order."""
    return copies(desk, desk.running(resources=SMALL), count)


def waiting(desk: Desk, count: int, *, seconds: float = 35) -> list[str]:
    """So many starts that nobody has claimed since; all of them due now."""
    session_id = desk.launch(resources=SMALL)["id"]
    since = utc_now() - timedelta(seconds=seconds)
    lane = desk.stored(session_id).lane
    assert lane.open is not None
    lane = replace(lane, open=replace(lane.open, since=since))
    return copies(desk, session_id, count, lane=lane, due_at=utc_now() - timedelta(seconds=1))


def forgotten(desk: Desk, ids: list[str]) -> None:
    """As if they had never been."""
    with SessionRow.batch_write() as batch:
        for each in ids:
            batch.delete(SessionRow(desk.tenant.id, each))


def copies(desk: Desk, session_id: str, count: int, **changes: Any) -> list[str]:
    """The one that is there and its copies, all alike."""
    began = utc_now() - _LONG_AGO
    pattern = replace(desk.stored(session_id), changed_at=began, updated_at=began, **changes)
    details = DetailsRow.get(desk.tenant.id, session_id)
    ids = [session_id, *(new_session_id() for _ in range(count - 1))]
    with SessionRow.batch_write() as batch:
        for each in ids:
            copy = replace(pattern, id=each)
            batch.save(SessionRow(copy.tenant_id, copy.id, **mapping.attributes(copy)))
    with DetailsRow.batch_write() as batch:
        for each in ids[1:]:
            spec = details.spec.replace(session_id, each)
            batch.save(DetailsRow(desk.tenant.id, each, spec=spec, assessment=details.assessment))
    if count > 1:
        _book(desk, pattern, count - 1)
    return sorted(ids)


def _book(desk: Desk, pattern: Session, times: int) -> None:
    app = desk.app
    amount = Amount(*(each * times for each in astuple(pattern.booked)))
    controller = app.sessions.controllers.get(pattern.tenant_id, pattern.controller_id).controller
    app.uow.commit(
        [
            *app.quotas.book(pattern.tenant_id, pattern.user_id, pattern.group_id, amount),
            app.sessions.controllers.book(controller, amount.on_a_controller),
        ]
    )
    # One booking counts as one session that is awake.
    row = ControllerRow(controller.tenant_id, controller.id)
    row.update(actions=[ControllerRow.awake.add(times - 1)])
