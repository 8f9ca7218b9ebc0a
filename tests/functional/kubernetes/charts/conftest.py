"""The pinned Helms, and what the chart renders to."""

import platform
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.charts import helm as helms
from infra.charts.pack import CHART, NAME

Docs = list[dict[str, Any]]
Render = Callable[..., Docs]
GOOD = ("url=https://space.example", "token=sse_abc")


@pytest.fixture(scope="session", params=sorted(helms.PACKAGES))
def helm_binary(request: pytest.FixtureRequest) -> Path:
    if platform.machine() != "x86_64":
        pytest.skip("no pinned Helm for this machine")
    binary = helms.path(request.param)
    assert binary.exists(), "python -m infra.charts.helm fetches it"
    return binary


@pytest.fixture(scope="session")
def helm(helm_binary: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run that Helm; neither repositories nor a cluster of this machine's user are looked at."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "KUBECONFIG": "/dev/null"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(helm_binary), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    return run


@pytest.fixture(scope="session")
def render(helm: Callable[..., subprocess.CompletedProcess[str]]) -> Render:
    """The chart's objects with values as `--set` takes them, in the namespace `desks`."""

    def run(*values: str, good: tuple[str, ...] = GOOD) -> Docs:
        given = [part for value in (*good, *values) for part in ("--set", value)]
        done = helm("template", NAME, str(CHART), "--namespace", "desks", *given)
        assert done.returncode == 0, done.stderr
        return [doc for doc in yaml.safe_load_all(done.stdout) if doc]

    return run


def one(docs: Docs, kind: str, name: str = "streamspace-agent") -> dict[str, Any]:
    (found,) = (doc for doc in docs if doc["kind"] == kind and doc["metadata"]["name"] == name)
    return found
