"""What the official client costs, counted in modules."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def loaded(script: str) -> set[str]:
    """The modules that are loaded after this."""
    script += "\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_an_agent_on_another_platform_does_without_it() -> None:
    script = """
import agent.cli.main, agent.worker.app, agent.drivers.registry as registry
registry.open_driver("fake", "ctl-1").close()
import agent.drivers.docker.driver
"""
    modules = loaded(script)
    assert "agent.drivers.docker.driver" in modules
    assert not {name for name in modules if name.split(".")[0] == "kubernetes"}
    assert not {name for name in modules if name.startswith("agent.drivers.kubernetes")}


def test_its_typed_models_are_never_loaded(tmp_path: Path) -> None:
    """They are more than 800 modules."""
    script = f"""
import os
from agent.drivers.base import DriverError
from agent.drivers.kubernetes.driver import KubernetesDriver, open_cluster
config = {{"apiVersion": "v1", "kind": "Config", "current-context": "a",
    "contexts": [{{"name": "a", "context": {{"cluster": "a", "user": "a"}}}}],
    "clusters": [{{"name": "a", "cluster": {{"server": "http://127.0.0.1:1"}}}}],
    "users": [{{"name": "a", "user": {{"token": "t"}}}}]}}
import json, pathlib
pathlib.Path("{tmp_path}/config").write_text(json.dumps(config))
environment = {{"KUBECONFIG": "{tmp_path}/config"}}
cluster, settings = open_cluster(environment)
run_dir = pathlib.Path("{tmp_path}")
driver = KubernetesDriver("ctl-1", cluster, settings, run_dir=run_dir, environment=environment)
try:
    driver.inventory()
except DriverError as error:
    assert error.reason.code == "platform_unavailable", error
else:
    raise AssertionError
driver.close()
"""
    models = {name for name in loaded(script) if name.startswith("kubernetes.client.models.")}
    assert models == set()
