"""The edge to the API server, call by call."""

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from agent.drivers.base import DriverError, PermanentError, TemporaryError
from agent.drivers.kubernetes.access import find_access
from agent.drivers.kubernetes.cluster import Cluster, Stale
from agent.drivers.kubernetes.kinds import Kind
from tests.functional.kubernetes.conftest import QUICK
from tests.functional.kubernetes.scripted_api import ScriptedApi, answers, item, listing, reply, status

HOME = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "home"}}


def test_apply_is_server_side_and_by_force(api: ScriptedApi, cluster: Cluster) -> None:
    api.handler = answers(reply(item("home", "7")))

    assert cluster.apply(Kind.HOME, HOME) == item("home", "7")

    request = api.seen[0]
    assert request.method == "PATCH"
    assert request.path == "/api/v1/namespaces/sessions/persistentvolumeclaims/home"
    assert dict(request.query) == {"fieldManager": "streamspace-agent", "force": "true"}
    assert request.headers["Content-Type"] == "application/apply-patch+yaml"
    assert request.headers["Authorization"] == "Bearer first"
    assert json.loads(api.bodies[0]) == HOME


def test_apply_on_a_version_that_is_no_longer_there_is_stale(api: ScriptedApi, cluster: Cluster) -> None:
    api.handler = answers(status(409, "the object has been modified", "Conflict"))

    with pytest.raises(Stale):
        cluster.apply(Kind.HOME, HOME, resource_version="3")

    assert json.loads(api.bodies[0])["metadata"] == {"name": "home", "resourceVersion": "3"}
    assert "resourceVersion" not in HOME["metadata"]
    with pytest.raises(TemporaryError, match="platform_error"):
        cluster.apply(Kind.HOME, HOME)


def test_apply_to_another_of_the_same_name_is_stale(api: ScriptedApi, cluster: Cluster) -> None:
    said = 'Secret "s" is invalid: metadata.uid: Invalid value: "u-1": field is immutable'  # 1.36
    api.handler = answers(status(422, said, "Invalid"))
    with pytest.raises(Stale):
        cluster.apply(Kind.SECRET, {"metadata": {"name": "s", "uid": "u-1"}})


def test_get_of_what_is_not_there_is_none(api: ScriptedApi, cluster: Cluster) -> None:
    assert cluster.get(Kind.NAMESPACE, "s") is None
    api.handler = answers(reply({"metadata": {"name": "s", "managedFields": [1, 2]}}))
    assert cluster.get(Kind.NAMESPACE, "s") == {"metadata": {"name": "s"}}


def test_get_in_the_namespace_needs_the_right_to_list_only(api: ScriptedApi, cluster: Cluster) -> None:
    api.handler = answers(reply(listing()), reply(listing("s")))
    assert cluster.get(Kind.SECRET, "s") is None
    assert cluster.get(Kind.SECRET, "s") == item("s")
    assert api.seen[0].path == "/api/v1/namespaces/sessions/secrets"
    assert api.seen[0].query["fieldSelector"] == "metadata.name=s"


def test_list_keeps_what_is_wanted(api: ScriptedApi, cluster: Cluster) -> None:
    api.handler = answers(reply(listing("a", "b")))
    assert cluster.list(Kind.POD, keep=lambda each: {"n": each["metadata"]["name"]}) == [
        {"n": "a"},
        {"n": "b"},
    ]


def test_list_reads_all_pages(api: ScriptedApi, cluster: Cluster) -> None:
    api.handler = answers(reply(listing("a", "b", more="next")), reply(listing("c")))

    found = cluster.list(Kind.POD, {"x": "1", "a": "2"})

    assert [each["metadata"]["name"] for each in found] == ["a", "b", "c"]
    assert dict(api.seen[0].query) == {"limit": "500", "labelSelector": "a=2,x=1"}
    assert api.seen[1].query["continue"] == "next"


def test_list_begins_again_when_its_snapshot_is_gone(api: ScriptedApi, cluster: Cluster) -> None:
    api.handler = answers(
        reply(listing("old", more="next")),
        status(410, "The provided continue parameter is too old", "Expired"),
        reply(listing("new", more="next")),
        reply(listing("newer")),
    )
    assert [each["metadata"]["name"] for each in cluster.list(Kind.POD)] == ["new", "newer"]


def test_list_that_never_ends_gives_up(api: ScriptedApi, cluster: Cluster) -> None:
    pages = [reply(listing("old", more="next")), status(410, "too old", "Expired")]
    api.handler = answers(*pages * 10)
    with pytest.raises(TemporaryError, match="platform_unavailable"):
        cluster.list(Kind.POD)
    assert len(api.seen) == 8


def test_list_everywhere_names_no_namespace(api: ScriptedApi, cluster: Cluster) -> None:
    api.handler = answers(reply(listing()))
    cluster.list(Kind.POD, everywhere=True)
    cluster.list(Kind.NODE)
    assert [each.path for each in api.seen] == ["/api/v1/pods", "/api/v1/nodes"]


def test_delete_takes_along_what_is_owned(api: ScriptedApi, cluster: Cluster) -> None:
    api.handler = answers(reply({"kind": "Status", "status": "Success"}))
    cluster.delete(Kind.STATEFUL_SET, "s", uid="u-1")
    assert json.loads(api.bodies[0]) == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Foreground",
        "preconditions": {"uid": "u-1"},
    }
    assert api.seen[0].path == "/apis/apps/v1/namespaces/sessions/statefulsets/s"


def test_delete_of_what_is_gone_is_a_success(api: ScriptedApi, cluster: Cluster) -> None:
    cluster.delete(Kind.SERVICE, "s")
    api.handler = answers(status(409, "the UID in the precondition (a) does not match", "Conflict"))
    cluster.delete(Kind.SERVICE, "s", uid="a")
    with pytest.raises(TemporaryError):
        cluster.delete(Kind.SERVICE, "s")


def test_logs_are_the_last_lines(api: ScriptedApi, cluster: Cluster) -> None:
    api.handler = answers(lambda: web.Response(text="one\n\ntwo \xff\n"))
    assert cluster.logs("p", 20, previous=True, container="session") == ("one", "two \xff")
    assert dict(api.seen[0].query) == {
        "tailLines": "20",
        "limitBytes": str(20 * 4096),
        "previous": "true",
        "container": "session",
    }
    api.handler = answers(status(400, "container is waiting to start", "BadRequest"))
    assert cluster.logs("p", 20) == ()


def test_retry_after_is_waited_for(api: ScriptedApi, cluster: Cluster) -> None:
    api.handler = answers(status(429, "slow down", Retry_After="1"), reply(item("x")))
    began = time.monotonic()
    assert cluster.get(Kind.NAMESPACE, "x") is not None
    assert 0.95 <= time.monotonic() - began < 3


def test_retry_after_of_an_hour_holds_nobody(api: ScriptedApi, cluster: Cluster) -> None:
    api.handler = answers(status(429, "slow down", Retry_After="3600"))
    began = time.monotonic()
    with pytest.raises(TemporaryError, match=r"platform_unavailable.*slow down"):
        cluster.get(Kind.NAMESPACE, "x")
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(api: ScriptedApi, cluster: Cluster, code: int) -> None:
    api.handler = answers(status(code, "etcd leader changed"), status(code, "again"), reply(item("x")))
    assert cluster.apply(Kind.POD, HOME) == item("x")
    assert len(api.seen) == 3


def test_tries_come_to_an_end(api: ScriptedApi, cluster: Cluster) -> None:
    api.handler = answers(status(503, "apiserver is shutting down"))
    with pytest.raises(TemporaryError, match=r"platform_unavailable.*shutting down"):
        cluster.list(Kind.POD)
    assert len(api.seen) == 4


@pytest.mark.parametrize("code", [400, 403, 404, 409, 422])
def test_what_will_not_pass_is_not_tried_again(api: ScriptedApi, cluster: Cluster, code: int) -> None:
    api.handler = answers(status(code, "no"))
    with pytest.raises(DriverError):
        cluster.apply(Kind.POD, HOME)
    assert len(api.seen) == 1


def test_new_token_is_read_when_the_old_one_is_refused(
    api: ScriptedApi, cluster: Cluster, tmp_path: Path
) -> None:
    async def only_second(request: web.Request) -> web.StreamResponse:
        if request.headers["Authorization"] != "Bearer second":
            return status(401, "Unauthorized", "Unauthorized")()
        return reply(item("x"))()

    api.handler = only_second
    with pytest.raises(TemporaryError, match="platform_unauthorized"):
        cluster.get(Kind.NAMESPACE, "x")
    assert len(api.seen) == 2
    (tmp_path / "token").write_text("second")
    assert cluster.get(Kind.NAMESPACE, "x") is not None
    assert cluster.get(Kind.NAMESPACE, "x") is not None
    assert len(api.seen) == 5


def test_missing_right_is_named(api: ScriptedApi, cluster: Cluster) -> None:
    message = (
        'events is forbidden: User "system:serviceaccount:sessions:agent" cannot list resource "events" in '
        'API group "" in the namespace "sessions"'
    )
    api.handler = answers(status(403, message, "Forbidden"))
    with pytest.raises(PermanentError, match=r"platform_unauthorized.*lacks `list` on `events`"):
        cluster.list(Kind.EVENT)


def test_api_server_that_is_away_is_named(api: ScriptedApi, cluster: Cluster) -> None:
    api.stop()
    with pytest.raises(TemporaryError, match=f"platform_unavailable.*localhost:{api.port}"):
        cluster.get(Kind.NAMESPACE, "x")


def test_api_server_that_comes_back_is_found(api: ScriptedApi, tmp_path: Path) -> None:
    patient = replace(QUICK, pause=0.4, total=20.0)
    cluster = Cluster(find_access(api.kubeconfig(tmp_path)), "sessions", patient)
    api.handler = answers(reply(item("x")))
    cluster.get(Kind.NAMESPACE, "x")
    api.stop()
    again = threading.Timer(0.1, api.start)
    again.start()
    assert (
        cluster.get(Kind.NAMESPACE, "x") is not None
    )  # kept connections are dead, the first attempts refused
    again.join()
    cluster.close()


def test_connection_that_the_server_dropped_is_no_error(api: ScriptedApi, cluster: Cluster) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        api.handler = answers(reply(item("x")))
        assert request.transport is not None
        request.transport.abort()
        raise asyncio.CancelledError

    api.handler = cut
    assert cluster.apply(Kind.HOME, HOME) == item("x")


def test_silent_server_is_given_up(api: ScriptedApi, cluster: Cluster) -> None:
    async def silent(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        raise AssertionError

    api.handler = silent
    began = time.monotonic()
    with pytest.raises(TemporaryError, match="platform_unavailable"):
        cluster.get(Kind.NAMESPACE, "x")
    assert time.monotonic() - began < 6


def test_answer_that_trickles_is_given_up(api: ScriptedApi, cluster: Cluster) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = 10**6
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.1)

    api.handler = trickle
    began = time.monotonic()
    with pytest.raises(TemporaryError, match="platform_unavailable"):
        cluster.list(Kind.POD)
    assert time.monotonic() - began < 6


def test_answer_that_breaks_off_is_asked_for_again(api: ScriptedApi, cluster: Cluster) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        api.handler = answers(reply(listing("a")))
        response = web.StreamResponse()
        response.content_length = 10**6
        await response.prepare(request)
        await response.write(b'{"items": [')
        assert request.transport is not None
        request.transport.close()
        return response

    api.handler = half
    assert len(cluster.list(Kind.POD)) == 1


def test_something_else_at_the_address_is_said(api: ScriptedApi, cluster: Cluster) -> None:
    api.handler = answers(lambda: web.Response(text="<html>It works!</html>"))
    with pytest.raises(TemporaryError, match=r"platform_unavailable.*something else answered"):
        cluster.list(Kind.POD)
    api.handler = answers(lambda: web.Response(text="<html>Bad gateway</html>", status=502))
    with pytest.raises(TemporaryError, match=r"platform_unavailable.*Bad gateway"):
        cluster.list(Kind.POD)


def test_all_driver_threads_are_served_at_once_by_kept_connections(
    api: ScriptedApi, cluster: Cluster
) -> None:
    async def brief(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.2)
        return reply(item("x"))()

    api.handler = brief
    with ThreadPoolExecutor(96) as threads:
        for _ in range(2):
            assert all(threads.map(lambda _: cluster.get(Kind.NAMESPACE, "x"), range(96)))
    assert api.most_connections > 60
    assert len(api.peers) <= 96


def test_close_ends_a_wait_for_another_attempt(api: ScriptedApi, cluster: Cluster) -> None:
    api.handler = answers(status(429, "slow down", Retry_After="3"))
    threading.Timer(0.2, cluster.close).start()
    began = time.monotonic()
    with pytest.raises(TemporaryError, match="platform_unavailable"):
        cluster.get(Kind.NAMESPACE, "x")
    assert time.monotonic() - began < 2.5
