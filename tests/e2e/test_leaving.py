"""An organisation takes its data along and leaves: on a real stack, with real containers."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator

import docker
import httpx
import pytest

from tests.support.stack import REPOSITORY, ApiClient, Stack, wait_until

pytestmark = pytest.mark.e2e


@pytest.fixture
def leaving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own, since its only tenant goes. Everything waits a tenth of the time."""
    stack = Stack(tmp_path_factory.mktemp("leaving"), STREAMSPACE_INTERVAL_DIVISOR="10")
    stack.up()
    yield stack
    stack.down()


def _operator(stack: Stack, *arguments: str) -> str:
    command = [sys.executable, "-m", "infra.operator", "--local", "tenants", *arguments]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=stack.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.feature("A deleted organisation's containers and homes go from its machines")
def test_export_suspend_delete(leaving: Stack) -> None:
    api, engine = ApiClient(leaving), docker.from_env()
    tenant = api("GET", "/v1/tenant").json()
    mine = {"filters": {"label": f"streamspace.tenant={tenant['id']}"}}
    template = {"template_id": api.template("Terminal")["id"]}
    ended = api("POST", "/v1/sessions", template).json()["id"]
    api.wait(ended, "running")
    api("DELETE", f"/v1/sessions/{ended}")
    api.wait(ended, "terminated")
    session = api("POST", "/v1/sessions", template).json()
    api.wait(session["id"], "running")
    assert engine.containers.list(**mine)
    assert len(engine.volumes.list(**mine)) == 2, "one of a session that ended and kept its home"

    export = api("POST", "/v1/tenant/exports", {}).json()
    done = wait_until(lambda: _done(api, export["id"]), 60, every=0.5)
    lines = gzip.decompress(httpx.get(done["url"]).raise_for_status().content).splitlines()
    assert json.loads(lines[-1])["data"]["documents"] == len(lines) - 1
    assert session["id"] in {json.loads(line)["data"].get("id") for line in lines}

    _operator(leaving, "suspend", tenant["slug"], "--reason", "a test")
    assert api("GET", "/v1/sessions").json()["code"] == "tenant_suspended"
    _operator(leaving, "resume", tenant["slug"])
    assert api("GET", "/v1/sessions").status_code == 200

    asked = {"slug": tenant["slug"], "password": leaving.password}
    answer = api("POST", "/v1/tenant/deletion", asked)
    assert answer.status_code == 202, answer.text
    assert api("GET", "/v1/sessions").status_code in (401, 403)
    wait_until(lambda: not engine.containers.list(all=True, **mine), 60, every=0.5)
    wait_until(lambda: "0 tenants" in _operator(leaving, "list"), 240, every=2)
    assert engine.volumes.list(**mine) == []
    assert httpx.get(done["url"]).status_code == 404
    assert list((leaving.home / "mail").glob("*.eml")), "the owner is told"


def _done(api: ApiClient, export_id: str) -> dict[str, str] | None:
    view: dict[str, str] = api("GET", f"/v1/tenant/exports/{export_id}").json()
    assert view["state"] != "failed", view
    return view if view["state"] == "done" else None
