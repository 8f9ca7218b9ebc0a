"""From a platform's name to its driver."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent.drivers.base import PermanentError
from agent.drivers.registry import detect_backend, open_driver

CONTROLLER = "ctl-01m81z574688wpe9q9g81h0rmg"


@pytest.mark.parametrize("platform", ["docker", "fake"])
def test_known_platforms_open_without_speaking_to_them(platform: str, tmp_path: Path) -> None:
    driver = open_driver(platform, CONTROLLER)
    assert driver.platform == platform
    driver.close()


def test_the_fake_says_who_it_is() -> None:
    assert detect_backend("fake").platform == "fake"


def test_unknown_platforms_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="vmware"):
        open_driver("vmware", CONTROLLER)
    with pytest.raises(PermanentError, match="vmware"):
        detect_backend("vmware")


def test_only_the_platform_asked_for_is_imported() -> None:
    program = (
        "import sys; from agent.drivers.registry import detect_backend; detect_backend('fake');"
        "assert 'docker' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])
