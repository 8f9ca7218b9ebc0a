"""The reflector against everything that watches do wrong. Waits are short; the rules are the same."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web

from agent.drivers.base import PermanentError, TemporaryError
from agent.drivers.kubernetes.cluster import Cluster
from agent.drivers.kubernetes.kinds import Kind
from agent.drivers.kubernetes.reflector import Reflector, Timings
from tests.functional.kubernetes.scripted_api import (
    ScriptedApi,
    answers,
    item,
    line,
    listing,
    reply,
    status,
    stream,
)

QUICK = Timings(watch=30, margin=1, silence=20, pause=0.02, longest_pause=0.3, short=0.05, outage=1.0)


@dataclass
class Store:
    """The objects that the server has, and what its watches are to send. `versions` is what each watch asked
    to go on from."""

    names: list[str] = field(default_factory=lambda: ["a"])
    version: int = 10
    lists: int = 0
    versions: list[str] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    script: list[list[object]] = field(default_factory=list)
    """For each watch: bytes to send, seconds to wait, "end", "cut", or a handler that answers instead. Then
    it stays open and silent."""
    token: str | None = None

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if self.token is not None and request.headers["Authorization"] != f"Bearer {self.token}":
            return status(401, "Unauthorized")()
        if request.query.get("watch") != "true":
            self.lists += 1
            return reply(listing(*self.names, version=str(self.version)))()
        self.versions.append(request.query["resourceVersion"])
        self.queries.append(dict(request.query))
        steps = self.script.pop(0) if self.script else []
        if steps and callable(steps[0]):
            answer = steps[0](request)
            assert isinstance(answer, Awaitable)
            return await answer
        response = await stream(request)
        for step in steps:
            if isinstance(step, bytes):
                await response.write(step)
            elif isinstance(step, int | float):
                await asyncio.sleep(step)
            elif step == "end":
                return response
            elif step == "cut":
                assert request.transport is not None
                request.transport.abort()
                return response
        await asyncio.sleep(60)
        return response


@pytest.fixture
def store(api: ScriptedApi) -> Store:
    made = Store()
    api.handler = made
    return made


@pytest.fixture
def reflector(cluster: Cluster, store: Store) -> Iterator[Reflector]:
    made = Reflector(cluster, Kind.POD, {"k": "v"}, timings=QUICK)
    yield made
    made.close()


def added(name: str, version: int) -> bytes:
    return line("ADDED", item(name, str(version)))


def until(reflector: Reflector, *names: str, most: float = 5.0) -> None:
    """Wait until these are there, and no others."""
    deadline = time.monotonic() + most
    found = reflector.snapshot(most)
    while set(found.items) != set(names):
        assert time.monotonic() < deadline, (set(found.items), names)
        found = reflector.wait(found.version, 0.5)


def eventually(check: object, most: float = 5.0) -> None:
    deadline = time.monotonic() + most
    assert callable(check)
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_there_then_what_happens(reflector: Reflector, store: Store) -> None:
    store.script = [
        [
            0.2,
            added("b", 11) + line("MODIFIED", item("a", "12", spec=1)),
            0.1,
            line("DELETED", item("b", "13")),
        ]
    ]
    first = reflector.snapshot(5)
    assert set(first.items) == {"a"}
    second = reflector.wait(first.version, 5)
    assert set(second.items) == {"a", "b"}
    until(reflector, "a")
    assert reflector.snapshot(0).items["a"]["spec"] == 1
    assert set(second.items) == {"a", "b"}  # what was handed out stays as it was


def test_wait_returns_when_nothing_happens(reflector: Reflector, store: Store) -> None:
    first = reflector.snapshot(5)
    began = time.monotonic()
    assert reflector.wait(first.version, 0.3) == first
    assert 0.29 < time.monotonic() - began < 3


def test_watch_asks_for_bookmarks_and_an_end_out_of_step(reflector: Reflector, store: Store) -> None:
    store.script = [["end"] for _ in range(6)]
    reflector.start()
    eventually(lambda: len(store.queries) >= 6)
    assert {query["allowWatchBookmarks"] for query in store.queries} == {"true"}
    assert {query["labelSelector"] for query in store.queries} == {"k=v"}
    seconds = {int(query["timeoutSeconds"]) for query in store.queries}
    assert all(27 <= each <= 33 for each in seconds)
    assert len(seconds) > 1
    assert store.lists == 1


def test_dropped_watch_goes_on_where_it_stood(reflector: Reflector, store: Store) -> None:
    store.script = [[added("b", 11), 0.1, "cut"], [added("c", 12), 0.1, "end"], [added("d", 13)]]
    until(reflector, "a", "b", "c", "d")
    assert store.versions == ["10", "11", "12"]
    assert store.lists == 1


def test_bookmark_moves_on_without_news(reflector: Reflector, store: Store) -> None:
    store.script = [[line("BOOKMARK", item("", "40")), 0.1, "cut"]]
    first = reflector.snapshot(5)
    eventually(lambda: len(store.versions) == 2)
    assert store.versions == ["10", "40"]
    assert reflector.wait(first.version, 0.1).version == first.version


@pytest.mark.parametrize("way", ["answer", "event"])
def test_version_that_is_gone_is_listed_anew(reflector: Reflector, store: Store, way: str) -> None:
    too_old = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
    gone: object = answers(status(410, "too old", "Expired")) if way == "answer" else line("ERROR", too_old)
    store.script = [[0.2, "cut"], [gone]]
    assert set(reflector.snapshot(5).items) == {"a"}
    store.names, store.version = ["a", "z"], 50
    until(reflector, "a", "z")
    eventually(lambda: store.versions == ["10", "10", "50"])


def test_deleted_while_nobody_watched(reflector: Reflector, store: Store) -> None:
    store.names = ["a", "b"]
    store.script = [[0.1, line("ERROR", {"code": 410})]]
    first = reflector.snapshot(5)
    assert set(first.items) == {"a", "b"}
    store.names = ["b"]
    until(reflector, "b")


def test_other_error_events_start_over(reflector: Reflector, store: Store) -> None:
    store.script = [[line("ERROR", {"code": 500, "message": "etcdserver: no leader"})]]
    reflector.start()
    eventually(lambda: store.lists == 2)
    until(reflector, "a")


@pytest.mark.parametrize("noise", [b"<html>\n", b'{"type": "ADDED"}\n', b'{"type": "ADDED", "object"'])
def test_noise_is_no_event(reflector: Reflector, store: Store, noise: bytes) -> None:
    store.script = [[noise, "end"], [added("b", 11)]]
    until(reflector, "a", "b")


def test_events_in_pieces_and_in_heaps(reflector: Reflector, store: Store) -> None:
    heap = b"".join(added(f"n{number}", 20 + number) for number in range(300))
    accented = line("ADDED", item("é", "400"))
    whole = heap + accented.replace(b"\\u00e9", "é".encode())
    store.script = [[*(whole[at : at + 1500] for at in range(0, len(whole), 1500))]]
    until(reflector, "a", "é", *(f"n{number}" for number in range(300)))


def test_silent_watch_is_given_up_when_it_is_long_over(cluster: Cluster, store: Store) -> None:
    reflector = Reflector(cluster, Kind.POD, timings=replace(QUICK, watch=0.5, margin=0.3))
    store.script = [[], [added("b", 11)]]
    until(reflector, "a", "b")
    assert store.lists == 1
    reflector.close()


def test_silent_watch_is_renewed_while_somebody_waits(cluster: Cluster, store: Store) -> None:
    reflector = Reflector(cluster, Kind.POD, timings=replace(QUICK, watch=300, silence=0.4))
    first = reflector.snapshot(5)
    time.sleep(1.0)
    assert len(store.versions) == 1  # nobody waits: it stays
    store.script = [[added("b", 11)]]
    assert set(reflector.wait(first.version, 5).items) == {"a", "b"}
    assert store.lists == 1
    reflector.close()


def test_watch_that_is_never_begun_is_given_up(reflector: Reflector, store: Store) -> None:
    async def hang(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        raise AssertionError

    store.script = [[hang], [added("b", 11)]]
    until(reflector, "a", "b")


def test_server_that_ends_every_watch_at_once_is_not_hurried(cluster: Cluster, store: Store) -> None:
    reflector = Reflector(cluster, Kind.POD, timings=replace(QUICK, pause=0.1))
    store.script = [["end"] for _ in range(1000)]
    reflector.snapshot(5)
    time.sleep(2)
    assert 2 <= len(store.versions) <= 25
    reflector.close()


def test_restart_of_the_api_server_is_waited_through(
    api: ScriptedApi, reflector: Reflector, store: Store
) -> None:
    first = reflector.snapshot(5)
    api.stop()
    store.names, store.version = ["a", "b"], 60
    threading.Timer(0.6, api.start).start()
    store.script = [[added("b", 60)]]
    assert set(reflector.wait(first.version, 10).items) == {"a", "b"}


def test_outage_is_said_after_a_while(api: ScriptedApi, reflector: Reflector, store: Store) -> None:
    first = reflector.snapshot(5)
    api.stop()
    began = time.monotonic()
    with pytest.raises(TemporaryError, match="platform_unavailable"):
        reflector.wait(first.version, 30)
    assert 0.9 < time.monotonic() - began < 5
    with pytest.raises(TemporaryError, match="platform_unavailable"):
        reflector.snapshot(0.1)
    api.start()
    assert set(reflector.snapshot(5).items) == {"a"}


def test_api_server_that_was_never_there(cluster: Cluster, api: ScriptedApi) -> None:
    api.stop()
    reflector = Reflector(cluster, Kind.POD, timings=QUICK)
    began = time.monotonic()
    with pytest.raises(TemporaryError, match="platform_unavailable"):
        reflector.snapshot(0.5)
    assert time.monotonic() - began < 10
    reflector.close()


def test_missing_right_is_said(api: ScriptedApi, cluster: Cluster) -> None:
    async def forbidden(_request: web.Request) -> web.StreamResponse:
        message = 'pods is forbidden: User "x" cannot list resource "pods" in API group ""'
        return status(403, message, "Forbidden")()

    api.handler = forbidden
    reflector = Reflector(cluster, Kind.POD, timings=QUICK)
    with pytest.raises(PermanentError, match=r"platform_unauthorized.*`list` on `pods`"):
        reflector.snapshot(0.5)
    assert len(api.seen) < 20
    reflector.close()


def test_new_token_is_used(reflector: Reflector, store: Store, tmp_path: Path) -> None:
    store.script = [[0.2, "cut"], [added("b", 11)]]
    first = reflector.snapshot(5)
    store.token = "second"
    (tmp_path / "token").write_text("second")
    assert set(reflector.wait(first.version, 5).items) == {"a", "b"}
    assert store.lists == 1


def test_close_ends_the_thread_and_every_wait(reflector: Reflector, store: Store) -> None:
    first = reflector.snapshot(5)
    eventually(lambda: store.versions)
    ended: list[BaseException] = []

    def wait() -> None:
        try:
            reflector.wait(first.version, 60)
        except TemporaryError as error:
            ended.append(error)

    waiting = [threading.Thread(target=wait) for _ in range(5)]
    for thread in waiting:
        thread.start()
    time.sleep(0.1)
    began = time.monotonic()
    reflector.close()
    for thread in waiting:
        thread.join(5)
    assert time.monotonic() - began < 5
    assert len(ended) == 5
    assert reflector._thread is not None
    assert not reflector._thread.is_alive()


def test_many_wait_at_once(reflector: Reflector, store: Store) -> None:
    store.script = [[0.5, *(added(f"n{number}", 20 + number) for number in range(50))]]
    reflector.snapshot(5)
    done: list[float] = []

    def wait() -> None:
        until(reflector, "a", *(f"n{number}" for number in range(50)))
        done.append(time.monotonic())

    waiting = [threading.Thread(target=wait) for _ in range(96)]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join(10)
    assert len(done) == 96
    assert len(store.versions) == 1
