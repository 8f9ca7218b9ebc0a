"""What a cold start loads, counted instead of timed."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_HEAVY = {
    "docker",
    "kubernetes",
    "aiohttp",
    "httpx",
    "moto",
    "uvicorn",
    "hypothesis",
    "pytest",
    "agent",
    "infra",
}
_BUDGET = 800
"""Modules of others that importing the app loads; botocore and pydantic are most of them."""


def _loaded(module: str) -> list[str]:
    script = f"import json, sys; import {module}; print(json.dumps(sorted(sys.modules)))"
    environment = {**os.environ, "POWERTOOLS_METRICS_DISABLED": "true"}
    finished = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return list(json.loads(finished.stdout.splitlines()[-1]))


def test_the_app_loads_nothing_that_only_others_need():
    loaded = _loaded("app")
    assert {name.split(".")[0] for name in loaded} & _HEAVY == set()
    assert sum(not name.startswith("chalicelib") for name in loaded) < _BUDGET


def test_the_protocol_loads_pydantic_and_nothing_of_the_control_plane():
    loaded = _loaded("chalicelib.protocol.agents")
    ours = {name for name in loaded if name.startswith("chalicelib.")}
    assert all(name.startswith("chalicelib.protocol") for name in ours)
    assert "boto3" not in loaded
