"""What a heartbeat must not do when the store lags or the platform is away. Found by the simulation."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.controllers.service import AgentCaller
from chalicelib.core.config import Config
from chalicelib.protocol import PROTOCOL_VERSION
from chalicelib.protocol.agents import (
    Backend,
    Capacity,
    CredentialsRequest,
    EnrollRequest,
    Health,
    Heartbeat,
    PartHealth,
    QueueAccess,
    RelayAccess,
)
from tests.simulation.plane import Plane, build
from tests.support.memory_tables import MemoryTables, installed

_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_HAS = Capacity(cpu_millis=4000, memory_bytes=2**33)
_OK, _FAILING = PartHealth(state=Health.OK), PartHealth(state=Health.FAILING)


class _Queues:
    """Nothing is ever sent here."""

    def ensure(self, queue: str) -> str:
        return queue

    def access(self, queue: str) -> QueueAccess:
        return QueueAccess(
            queue_url=queue,
            region="",
            access_key_id="",
            secret_access_key="",
            session_token="",
            expires_at=_NOW,
        )


@pytest.fixture
def tables() -> Iterator[MemoryTables]:
    tables = MemoryTables()
    with installed(tables):
        yield tables


def _agent(tables: MemoryTables) -> tuple[Plane, AgentCaller, int]:
    """Enrolled and booted a moment ago."""
    plane = build(Config(), lambda: _NOW, _Queues())
    tenant = plane.tenancy.create("fresh", "Fresh")
    token = plane.enrollment.create_token(tenant.id, "usr-1")
    answer = plane.enrollment.enroll(
        EnrollRequest(
            token=token.secret,
            public_key="A" * 43,
            backend=Backend(platform="fake", id="here"),
            agent_version="1",
            protocol_version=PROTOCOL_VERSION,
        )
    )
    caller = AgentCaller(tenant.id, answer.controller_id, answer.agent_id, answer.key_id)
    request = CredentialsRequest(boot_id="b", protocol_version=PROTOCOL_VERSION, agent_version="1")
    relay = RelayAccess(urls=(), grant="", expires_at=_NOW)
    granted = plane.agents.credentials(caller, request, origin="", relay=lambda *_: relay)
    return plane, caller, granted.epoch


def _beat(epoch: int, capacity: Capacity, platform: PartHealth) -> Heartbeat:
    facts: dict[str, Any] = {"agent_version": "1", "protocol_version": PROTOCOL_VERSION, "instances": 0}
    return Heartbeat(
        epoch=epoch,
        capacity=capacity,
        usage=Capacity(cpu_millis=0, memory_bytes=0),
        polling=_OK,
        platform=platform,
        streaming=_OK,
        **facts,
    )


def test_a_controller_that_a_lagging_read_misses_is_no_reason_to_shut_its_agent_out(
    tables: MemoryTables,
) -> None:
    plane, caller, epoch = _agent(tables)
    tables.stale = lambda call: True
    answer = plane.agents.heartbeat(caller, _beat(epoch, _HAS, _OK))
    assert answer.intervals.heartbeat > 0


def test_a_platform_that_is_away_has_as_much_as_before(tables: MemoryTables) -> None:
    plane, caller, epoch = _agent(tables)
    nothing = Capacity(cpu_millis=0, memory_bytes=0)
    for capacity, platform in ((_HAS, _OK), (nothing, _FAILING)):
        plane.agents.heartbeat(caller, _beat(epoch, capacity, platform))
    controller = plane.controllers.get(caller.tenant_id, caller.controller_id).controller
    assert controller.capacity is not None
    assert controller.capacity.cpu_millis == _HAS.cpu_millis
    smaller = Capacity(cpu_millis=1000, memory_bytes=2**33)
    plane.agents.heartbeat(caller, _beat(epoch, smaller, _OK))
    controller = plane.controllers.get(caller.tenant_id, caller.controller_id).controller
    assert controller.capacity is not None
    assert controller.capacity.cpu_millis == 1000
