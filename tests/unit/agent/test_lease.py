"""Leases, and how they are kept, in virtual time."""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.client import errors
from agent.drivers.base import Cancelled
from agent.worker.lease import Lease, Why
from agent.worker.reach import Reach
from agent.worker.renew import Execution, Renewer
from agent.worker.runtime import Runtime
from agent.worker.timings import Timings
from chalicelib.protocol.agents import Intervals
from chalicelib.protocol.commands import Command, CommandKind, RenewGrant, RenewRequest
from tests.unit.agent.virtual_time import in_virtual_time

COMMAND = Command(
    command_id="cmd-01kb0000000000000000000001",
    tenant_id="ten-01kb0000000000000000000001",
    controller_id="ctl-01kb0000000000000000000001",
    session_id="ses-01kb0000000000000000000001",
    kind=CommandKind.HIBERNATE,
    generation=1,
    incarnation=1,
    deadline=datetime.now(UTC) + timedelta(hours=1),
)


@given(asked=st.floats(0, 1e6), seconds=st.floats(1, 1e4), margin=st.floats(0, 60), passed=st.floats(0, 2e4))
def test_no_step_starts_past_the_lease_less_its_margin(
    asked: float, seconds: float, margin: float, passed: float
) -> None:
    lease = Lease(lambda: asked + passed, asked_at=asked, seconds=seconds, margin=margin)
    if asked + passed >= asked + seconds - margin:
        assert lease.ended is Why.LAPSED
        assert lease.left() == 0
        with pytest.raises(Cancelled):
            lease.check()
    else:
        lease.check()
        assert lease.left() > 0


@pytest.mark.parametrize(("now", "late"), [(100, False), (119.9, False), (120, True), (500, True)])
def test_past_its_very_end_a_lease_forbids_to_clean_up_too(now: float, late: bool) -> None:
    with pytest.raises(Cancelled) as cancelled:
        Lease(lambda: now, asked_at=0, seconds=120, margin=20).check()
    assert cancelled.value.late is late


@pytest.mark.parametrize(("why", "late"), [(Why.STALE, True), (Why.SUPERSEDED, False), (Why.STOPPING, False)])
def test_whoever_lost_the_session_cleans_nothing_up(why: Why, late: bool) -> None:
    lease = Lease(lambda: 0.0, asked_at=0, seconds=120, margin=20)
    lease.give_up(why)
    with pytest.raises(Cancelled) as cancelled:
        lease.check()
    assert cancelled.value.late is late


def test_the_first_reason_stays_and_an_older_answer_does_not_shorten() -> None:
    now = [0.0]
    lease = Lease(lambda: now[0], asked_at=0, seconds=120, margin=20)
    lease.extend(asked_at=-60, seconds=120)
    assert lease.left() == 100
    lease.extend(asked_at=40, seconds=120)
    assert lease.left() == 140
    lease.give_up(Why.SUPERSEDED)
    lease.give_up(Why.STOPPING)
    now[0] = 1000
    assert lease.ended is Why.SUPERSEDED


class _Server:
    """Answers renewals by a script: an exception to raise, or None to grant 120 s."""

    def __init__(self, script: Callable[[float], Exception | None]) -> None:
        self.script = script
        self.asked: list[float] = []

    async def renew(self, command_id: str, request: RenewRequest) -> RenewGrant:
        now = asyncio.get_running_loop().time()
        self.asked.append(now)
        await asyncio.sleep(0.2)
        if error := self.script(now):
            raise error
        return RenewGrant(lease_seconds=120)


class _Access:
    epoch = 1
    intervals = Intervals()


def _keep(script: Callable[[float], Exception | None], until: float, nudge: float | None = None) -> Any:
    async def main() -> tuple[_Server, Execution, float]:
        loop = asyncio.get_running_loop()

        async def inline(call: Callable[[], Any]) -> Any:
            return call()

        runtime = Runtime(blocking=inline, monotonic=loop.time, chance=random.Random(1))
        server = _Server(script)
        access: Any = _Access()
        control: Any = server
        renewer = Renewer(control=control, access=access, reach=Reach(), runtime=runtime, timings=Timings())
        lease = Lease(loop.time, asked_at=0, seconds=120, margin=20)
        execution = Execution(COMMAND, 1, lease)
        if nudge is not None:
            loop.call_at(nudge, execution.nudged.set)
        keeping = asyncio.create_task(renewer.keep(execution))
        await asyncio.wait({keeping}, timeout=until)
        ended = loop.time()
        if keeping.done():
            keeping.result()
        keeping.cancel()
        return server, execution, ended

    return in_virtual_time(main())


def test_a_lease_is_renewed_every_40_s() -> None:
    server, execution, _ = _keep(lambda _: None, until=3600)
    assert execution.lease.ended is None
    assert 85 <= len(server.asked) <= 91


def test_a_lease_survives_an_outage_shorter_than_itself() -> None:
    server, execution, _ = _keep(
        lambda now: errors.Unreachable("away") if 50 < now < 120 else None, until=600
    )
    assert execution.lease.ended is None
    assert len([at for at in server.asked if 50 < at < 130]) < 20  # backing off, not hammering


def test_a_lease_lapses_20_s_before_the_control_plane_gives_it_away() -> None:
    _, execution, ended = _keep(lambda _: errors.Unreachable("away"), until=600)
    assert execution.lease.ended is Why.LAPSED
    assert 100 <= ended <= 101


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        (errors.Superseded("newer"), Why.SUPERSEDED),
        (errors.Finished("over"), Why.SUPERSEDED),
        (errors.StaleFence("stale"), Why.STALE),
        (errors.NotFound("gone"), Why.STALE),
    ],
)
def test_refusals_end_the_work(refusal: errors.ApiError, why: Why) -> None:
    server, execution, _ = _keep(lambda _: refusal, until=600)
    assert execution.lease.ended is why
    assert len(server.asked) == 1


def test_a_nudge_asks_at_once() -> None:
    server, _, _ = _keep(lambda _: None, until=30, nudge=3)
    assert server.asked == [3]


def test_a_fatal_refusal_comes_through() -> None:
    with pytest.raises(errors.EpochSuperseded):
        _keep(lambda _: errors.EpochSuperseded("clone"), until=600)
