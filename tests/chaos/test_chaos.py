"""Forty seconds of what `make chaos` does for longer."""

from pathlib import Path

import pytest

from tests.chaos.run import Plan, endure

SHORT = Plan(seconds=40, seed=5, every=2.5, docker=(2,), fake=(4, 4))


@pytest.mark.docker
@pytest.mark.timeout(600)
@pytest.mark.feature(
    "Agents, API, store, network and Docker may fail at random: nothing is lost, doubled or left behind"
)
def test_a_short_run_is_survived(tmp_path: Path) -> None:
    result = endure(SHORT, tmp_path)
    print(result.table())
    assert result.survived, result.table()
    assert sum(result.faults.values()) >= 8, result.faults
    assert sum(result.sessions.values()) >= 10, result.sessions
