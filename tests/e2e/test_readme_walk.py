"""The README's walk through the API, run literally: what people copy has to work."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import docker
import pytest

from tests.support.stack import ApiClient, Stack

pytestmark = pytest.mark.e2e
REPOSITORY = Path(__file__).resolve().parents[2]


def walk() -> str:
    """The block of "Using the API"."""
    section = (REPOSITORY / "README.md").read_text().split("\n## Using the API\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    [block] = [each for each in blocks if "/v1/api-keys" in each]
    return str(block)


@pytest.mark.timeout(240)
@pytest.mark.feature("The walk through the API with curl and a key works as the README shows it")
def test_the_walk_with_curl_and_a_key(stack: Stack, api: ApiClient, tmp_path: Path):
    for tool in ("curl", "jq", "sh"):
        assert shutil.which(tool), f"the README uses {tool}"
    (tmp_path / ".streamspace").symlink_to(stack.home)
    script = walk()
    done = subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{stack.logs()}"
    assert done.stderr == ""
    for shown in ('"protocol": "vnc"', '"to": "running"', '"status": 401', '"code": "key_invalid"'):
        assert shown in done.stdout, done.stdout
    assert "null" not in re.findall(r'"url": (\S+)', done.stdout)
    # It did what it says, by the key, and left nothing behind.
    [key] = [each for each in api("GET", "/v1/api-keys").json()["items"] if each["name"] == "walk"]
    assert key["state"] == "revoked"
    assert key["last_used_at"] is not None
    engine = docker.from_env()
    sessions = api("GET", "/v1/sessions").json()["items"]
    for session in sessions:
        assert session["name"] != "demo" or session["state"] == "terminated"
        if session["name"] == "demo":
            chosen = {"label": f"streamspace.session={session['id']}"}
            assert engine.containers.list(all=True, filters=chosen) == []
            assert engine.volumes.list(filters=chosen) == []
