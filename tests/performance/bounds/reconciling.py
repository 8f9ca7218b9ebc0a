"""What an inventory costs, call by signed call, as an agent sends it: in slices, until all was compared."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from agent.drivers.base import Inventory
from agent.worker.slicing import Slices
from chalicelib.commands.service import new_session_id
from chalicelib.core.clock import utc_now
from chalicelib.protocol.agents import InventoryAction, InventoryReport
from chalicelib.protocol.instances import InstanceFacts, InstanceState
from chalicelib.sessions.row_models import SuspectsRow
from tests.performance.bounds import crowd
from tests.performance.bounds.cost import Cost, counted
from tests.performance.bounds.rig import Rig
from tests.support.capacity_units import item_size
from tests.support.desk import Desk

CASES = ("wanted", "orphans", "missing")
"""All instances are as they should be; none of them is known; none of them is there."""


@dataclass(frozen=True)
class Compared:
    """One inventory, and the limits that it came closest to (bytes, seconds)."""

    cost: Cost
    actions: tuple[InventoryAction, ...]
    largest_request: int
    largest_answer: int
    suspects_row: int


def compared(rig: Rig, case: str, count: int) -> Compared:
    """One whole comparison with so many sessions. For orphans: the second one, which removes them."""
    desk = rig.desk()
    if case == "orphans":
        ids = [new_session_id() for _ in range(count)]
        report(desk, ids)
        return report(desk, ids)
    ids = crowd.running(desk, count)
    return report(desk, ids if case == "wanted" else [])


def report(desk: Desk, ids: Sequence[str]) -> Compared:
    """An inventory of these, each with an instance and a home."""
    slices = Slices(Inventory(tuple(_facts(desk, each) for each in ids), tuple(ids)))
    started_at = utc_now()
    total = Cost()
    actions: list[InventoryAction] = []
    largest_request = largest_answer = 0
    after: str | None = None
    while True:
        part = slices.following(after)
        body = InventoryReport(
            epoch=desk.agent.epoch,
            started_at=started_at,
            instances=part.instances,
            homes=part.homes,
            after=after,
            until=part.until,
        ).model_dump_json()
        with counted() as cost:
            began = perf_counter()
            answer = desk.agent.post("/agent/v1/inventory", json.loads(body))
            cost.longest_call = perf_counter() - began
        assert answer.status == 200, answer.text
        cost.calls, cost.request_bytes, cost.answer_bytes = 1, len(body), len(answer.text)
        total = total.plus(cost)
        largest_request, largest_answer = (
            max(largest_request, len(body)),
            max(largest_answer, len(answer.text)),
        )
        actions += [InventoryAction.model_validate(each) for each in answer.json["actions"]]
        after = answer.json["compared_until"] or part.until
        if after is None:
            return Compared(total, tuple(actions), largest_request, largest_answer, _suspects_row(desk))


def _facts(desk: Desk, session_id: str) -> InstanceFacts:
    return InstanceFacts(
        tenant_id=desk.tenant.id, session_id=session_id, incarnation=1, state=InstanceState.RUNNING
    )


def _suspects_row(desk: Desk) -> int:
    """Its bytes; 0 where there is none."""
    for row in SuspectsRow.query(desk.tenant.id, SuspectsRow.controller_id == desk.agent.controller_id):
        return item_size(row.serialize())
    return 0
