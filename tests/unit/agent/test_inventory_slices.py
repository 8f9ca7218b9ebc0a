"""The agent's side of long inventories."""

import pytest

from agent.drivers.base import Inventory
from agent.worker import slicing
from agent.worker.slicing import Slices
from chalicelib.protocol.agents import InventoryReport
from chalicelib.protocol.instances import InstanceFacts, InstanceState

TENANT = "ten-01kb00000000000000000z0000"


def named(number: int) -> str:
    return f"ses-01kb00000000000000000{number:05d}"


def facts(number: int, incarnation: int = 1) -> InstanceFacts:
    return InstanceFacts(
        tenant_id=TENANT, session_id=named(number), incarnation=incarnation, state=InstanceState.RUNNING
    )


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2500])
def test_slices_cover_an_inventory_without_overlap(count: int) -> None:
    slices = Slices(Inventory(tuple(facts(each) for each in reversed(range(count))), (named(7),)))
    seen: list[str] = []
    after: str | None = None
    while True:
        part = slices.following(after)
        seen += [each.session_id for each in part.instances]
        if part.until is None:
            break
        after = part.until
    assert seen == [named(each) for each in range(count)]


def test_a_slice_may_begin_anywhere_and_keeps_a_session_together() -> None:
    slices = Slices(Inventory((facts(3, 2), facts(1), facts(3, 1), facts(5)), (named(4), named(1))))
    part = slices.following(named(2))
    assert [(each.session_id, each.incarnation) for each in part.instances] == [
        (named(3), 2),
        (named(3), 1),
        (named(5), 1),
    ]
    assert (part.homes, part.until) == ((named(4),), None)
    assert slices.following(named(5)).instances == ()


def test_a_full_slice_fits_into_a_request() -> None:
    from chalicelib.core.api import MAX_BODY_BYTES

    many = range(slicing.SLICE + 1)
    part = Slices(Inventory(tuple(map(facts, many)), tuple(map(named, many)))).following(None)
    report = InventoryReport.model_validate(
        {
            "epoch": 10**6,
            "started_at": "2026-01-01T00:00:00.123456Z",
            "instances": part.instances,
            "homes": part.homes,
            "after": named(0),
            "until": part.until,
        }
    )
    assert len(part.instances) == slicing.SLICE
    assert len(report.model_dump_json()) < 0.8 * MAX_BODY_BYTES
