"""With whose credentials the agent calls, and that it follows them as they change."""

import asyncio
import base64
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from agent.drivers.base import TemporaryError
from agent.drivers.kubernetes.access import find_access
from agent.drivers.kubernetes.cluster import Cluster
from agent.drivers.kubernetes.kinds import Kind
from agent.drivers.kubernetes.reflector import Reflector
from agent.drivers.kubernetes.settings import Settings
from tests.functional.kubernetes.conftest import QUICK
from tests.functional.kubernetes.scripted_api import (
    ScriptedApi,
    answers,
    item,
    listing,
    reply,
    serving,
    status,
    stream,
)
from tests.support.certificate import server_context


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[ScriptedApi]:
    """Over TLS, with an authority of its own."""
    context, _ = server_context(tmp_path, "localhost")
    with serving(answers(reply(item("x"))), tls=context) as api:
        yield api


@pytest.fixture
def account(tmp_path: Path) -> Path:
    """The files that a pod finds in /var/run/secrets/…/serviceaccount."""
    folder = tmp_path / "account"
    folder.mkdir()
    (folder / "token").write_text("of-the-pod")
    (folder / "namespace").write_text("sessions\n")
    return folder


def inside(api: ScriptedApi) -> dict[str, str]:
    return {"KUBERNETES_SERVICE_HOST": "localhost", "KUBERNETES_SERVICE_PORT": str(api.port)}


def test_pod_uses_its_own_account(secure: ScriptedApi, account: Path, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "server.pem", account / "ca.crt")
    access = find_access(inside(secure), account=account)
    cluster = Cluster(access, "sessions", QUICK)

    assert access.inside
    assert access.namespace == "sessions"
    assert cluster.get(Kind.NAMESPACE, "x") is not None
    assert cluster.address == secure.url
    assert secure.seen[0].headers["Authorization"].lower() == "bearer of-the-pod"
    cluster.close()


def test_watch_over_tls_ends_at_once_when_it_is_closed(
    secure: ScriptedApi, account: Path, tmp_path: Path
) -> None:
    async def open_for_long(request: web.Request) -> web.StreamResponse:
        if request.query.get("watch") != "true":
            return reply(listing("a"))()
        response = await stream(request)
        await asyncio.sleep(60)
        return response

    secure.handler = open_for_long
    shutil.copy(tmp_path / "server.pem", account / "ca.crt")
    cluster = Cluster(find_access(inside(secure), account=account), "sessions", QUICK)
    reflector = Reflector(cluster, Kind.POD)
    assert set(reflector.snapshot(5).items) == {"a"}
    while len(secure.seen) < 2:
        time.sleep(0.01)
    time.sleep(0.2)
    began = time.monotonic()
    reflector.close()
    assert time.monotonic() - began < 10
    assert reflector._thread is not None
    assert not reflector._thread.is_alive()
    cluster.close()


def test_token_that_rotated_is_read_at_the_first_refusal(
    secure: ScriptedApi, account: Path, tmp_path: Path
) -> None:
    shutil.copy(tmp_path / "server.pem", account / "ca.crt")
    cluster = Cluster(find_access(inside(secure), account=account), "sessions", QUICK)
    assert cluster.get(Kind.NAMESPACE, "x") is not None

    async def rotated(request: web.Request) -> web.StreamResponse:
        if request.headers["Authorization"].lower() != "bearer next":
            return status(401, "Unauthorized")()
        return reply(item("x"))()

    secure.handler = rotated
    (account / "token").write_text("next")
    assert cluster.get(Kind.NAMESPACE, "x") is not None
    assert len(secure.seen) == 3
    cluster.close()


def test_foreign_certificate_is_refused_and_said(secure: ScriptedApi, account: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    server_context(other, "localhost")
    shutil.copy(other / "server.pem", account / "ca.crt")
    cluster = Cluster(find_access(inside(secure), account=account), "sessions", QUICK)
    with pytest.raises(TemporaryError, match=r"platform_unavailable.*certificate"):
        cluster.get(Kind.NAMESPACE, "x")
    assert not secure.seen
    cluster.close()


def test_named_kubeconfig_wins_over_the_pods_account(
    secure: ScriptedApi, account: Path, tmp_path: Path
) -> None:
    authority = base64.b64encode((tmp_path / "server.pem").read_bytes()).decode()
    named = secure.kubeconfig(tmp_path, **{"certificate-authority-data": authority})
    access = find_access(inside(secure) | named, account=account)
    assert not access.inside
    cluster = Cluster(access, "sessions", QUICK)
    assert cluster.get(Kind.NAMESPACE, "x") is not None
    assert secure.seen[0].headers["Authorization"] == "Bearer first"
    cluster.close()


def test_credentials_may_come_after_the_agent(api: ScriptedApi, tmp_path: Path) -> None:
    api.handler = answers(reply(item("x")))
    settings = Settings(namespace="sessions")
    cluster = Cluster.connect(settings, {"KUBECONFIG": str(tmp_path / "config"), "HOME": str(tmp_path)})
    with pytest.raises(TemporaryError, match="platform_unauthorized"):
        cluster.get(Kind.NAMESPACE, "x")
    api.kubeconfig(tmp_path)
    assert cluster.get(Kind.NAMESPACE, "x") is not None
    assert cluster.namespace == "sessions"
    cluster.close()


def test_namespace_is_the_contexts_unless_it_is_set(api: ScriptedApi, tmp_path: Path) -> None:
    environment = api.kubeconfig(tmp_path)
    assert Cluster.connect(Settings(), environment).namespace == "default"
    file = Path(environment["KUBECONFIG"])
    file.write_text(file.read_text().replace('"user": "agent"}', '"user": "agent", "namespace": "desks"}'))
    assert Cluster.connect(Settings(), environment).namespace == "desks"
    assert Cluster.connect(Settings(context="here"), environment).namespace == "desks"
    assert Cluster.connect(Settings(namespace="other"), environment).namespace == "other"
    file.write_text("{")
    assert Cluster.connect(Settings(), environment).namespace == "default"


def test_context_that_is_not_there_is_said(api: ScriptedApi, tmp_path: Path) -> None:
    cluster = Cluster.connect(Settings(context="nowhere"), api.kubeconfig(tmp_path))
    with pytest.raises(TemporaryError, match=r"platform_unauthorized.*nowhere"):
        cluster.get(Kind.NAMESPACE, "x")
    cluster.close()
