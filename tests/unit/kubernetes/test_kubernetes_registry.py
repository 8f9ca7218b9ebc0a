"""The driver behind its platform's name: opened without a call, and in memory only where it is asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent.drivers.base import PermanentError, TemporaryError
from agent.drivers.registry import detect_backend, open_driver

CONTROLLER = "ctl-01m81z574688wpe9q9g81h0rmg"
NOWHERE = """
apiVersion: v1
kind: Config
current-context: a
clusters: [{name: a, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: a, user: {token: t}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
"""


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(NOWHERE)
    monkeypatch.setenv("KUBECONFIG", str(file))
    monkeypatch.setenv("STREAMSPACE_KUBERNETES_SETTINGS", "{}")


def test_the_driver_opens_without_speaking_to_the_cluster() -> None:
    driver = open_driver("kubernetes", CONTROLLER)
    assert driver.platform == "kubernetes"
    driver.close()


def test_a_cluster_that_is_away_says_so_before_there_is_a_controller() -> None:
    with pytest.raises(TemporaryError) as caught:
        detect_backend("kubernetes")
    assert caught.value.reason.code == "platform_unavailable"


def test_settings_that_are_wrong_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMSPACE_KUBERNETES_SETTINGS", '{"hoem": {}}')
    for call in (lambda: detect_backend("kubernetes"), lambda: open_driver("kubernetes", CONTROLLER)):
        with pytest.raises(PermanentError, match="hoem"):
            call()


@pytest.mark.parametrize("platform", ["docker", "fake"])
def test_other_platforms_agents_never_load_its_client(platform: str) -> None:
    program = (
        f"import sys; from agent.drivers.registry import open_driver;"
        f"open_driver('{platform}', '{CONTROLLER}');"
        "assert not [each for each in sys.modules if each.split('.')[0] == 'kubernetes']"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])
