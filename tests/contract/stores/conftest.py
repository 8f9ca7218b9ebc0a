"""Each test here runs on the emulator and in memory: what one of them does, the other must."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.core.ids import new_id
from tests.contract.stores.crowds import Crowd, Threads, Woven
from tests.support.emulator import Emulator
from tests.support.memory_tables import MemoryTables, installed


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """DynamoDB, with all tables."""
    from infra import tables

    state: Path = tmp_path_factory.mktemp("emulator")
    emulator = Emulator(os.environ["AWS_ENDPOINT_URL"], state)
    emulator.start()
    tables.create_all()
    yield
    emulator.stop()


@pytest.fixture(params=["emulator", "memory"])
def storage(request: pytest.FixtureRequest) -> Iterator[MemoryTables | None]:
    """Where rows go. The engine where it is the one in memory, None on the emulator."""
    yield from _storage(request, request.param)


def _storage(request: pytest.FixtureRequest, name: str) -> Iterator[MemoryTables | None]:
    if name == "emulator":
        request.getfixturevalue("emulator")
        yield None
    else:
        tables = MemoryTables()
        with installed(tables):
            yield tables


@pytest.fixture(params=["emulator-threads", "memory-threads", "memory-greenlets"])
def crowd(request: pytest.FixtureRequest) -> Iterator[Crowd]:
    """Many at once, on either storage; greenlets change places at each call, and meet more conflicts."""
    name, _, kind = request.param.partition("-")
    for tables in _storage(request, name):
        if kind == "greenlets":
            assert tables is not None
            yield Woven(tables)
        else:
            yield Threads()


@pytest.fixture
def tenant_id() -> str:
    """A tenant of the test's own."""
    return new_id("ten")
