"""An API server whose answers the test writes, and the agent's edge to it with short patience."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.drivers.kubernetes.access import find_access
from agent.drivers.kubernetes.calling import Timeouts
from agent.drivers.kubernetes.cluster import Cluster
from tests.functional.kubernetes.scripted_api import ScriptedApi, serving

QUICK = Timeouts(connect=1.0, read=1.0, total=4.0, attempts=4, pause=0.02)


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    with serving() as made:
        yield made


@pytest.fixture
def cluster(api: ScriptedApi, tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(find_access(api.kubeconfig(tmp_path)), "sessions", QUICK)
    yield made
    made.close()
