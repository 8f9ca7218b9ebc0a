"""The test API server: a `Machine` in a thread, with HTTP in front of it that can go away and come back, and
the knobs that tests turn.
"""

import asyncio
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import yaml
from aiohttp import web

from tests.support.certificate import server_context
from tests.support.cluster import record
from tests.support.cluster.access import Access, Question, Rule, User
from tests.support.cluster.containers import KILLED, Image
from tests.support.cluster.controllers.pods import PodWorker
from tests.support.cluster.faults import Fault
from tests.support.cluster.machine import Machine, Node
from tests.support.cluster.objects import Object, Resource, name_of
from tests.support.cluster.routes import Routes
from tests.support.cluster.tempo import Tempo

T = TypeVar("T")
NAMESPACE = "streamspace"
PATIENCE = 20.0
EVICTED = (
    "The node was low on resource: memory. Threshold quantity: 100Mi, available: 48Mi. Container {name} was "
    "using 512Mi, request is 128Mi, has larger consumption of memory. "
)


class ApiServer:
    """`rules`: what the agent may do (None: all). `images` by name."""

    def __init__(
        self,
        images: dict[str, Image],
        *,
        namespace: str = NAMESPACE,
        nodes: Sequence[Node] = (Node("node-1"),),
        rules: Sequence[Rule] | None = None,
        metrics: bool = False,
        pace: float = 1.0,
    ) -> None:
        self.namespace = namespace
        self.folder = Path(tempfile.mkdtemp(prefix="streamspace-cluster-"))
        self._tls, self._authority = server_context(self.folder, "localhost")
        agent = User(f"system:serviceaccount:{namespace}:streamspace-agent", rules)
        self.access = Access({"agent-token": agent, "admin-token": User("admin", recorded=False)})
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test cluster", daemon=True)
        self._thread.start()
        self._runner: web.AppRunner | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.machine = self._run(self._make(Tempo(pace), images, nodes, metrics))

    async def _make(
        self, tempo: Tempo, images: dict[str, Image], nodes: Sequence[Node], metrics: bool
    ) -> Machine:
        machine = Machine(self.access, tempo, images, metrics=metrics)
        machine.number = self.port
        machine.begin(self.namespace, nodes)
        await self._listen(machine)
        return machine

    async def _listen(self, machine: Machine) -> None:
        app = web.Application(client_max_size=4 * 2**20)
        app.router.add_route("*", "/{path:.*}", Routes(machine).handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.01, handler_cancellation=True, access_log=None)
        await self._runner.setup()
        await web.TCPSite(
            self._runner, "127.0.0.1", self.port, ssl_context=self._tls, reuse_address=True
        ).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.close(checked=kind is None)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def verbs(self) -> set[Question]:
        """What the agent asked for, whether it was allowed or not."""
        return self.do(lambda machine: set(machine.access.verbs))

    def kubeconfig(self, user: str = "agent", url: str | None = None) -> Path:
        """A file for clients: `agent`, whose rights are checked and recorded, or `admin`."""
        path = self.folder / f"{user}-{'away' if url else 'here'}.yaml"
        cluster = {"server": url or self.url, "certificate-authority": str(self._authority)}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": f"{user}-token"}}],
            "contexts": [
                {"name": "test", "context": {"cluster": "test", "user": user, "namespace": self.namespace}}
            ],
        }
        path.write_text(yaml.safe_dump(config))
        return path

    def close(self, *, checked: bool = True) -> None:
        """Raises what went wrong inside the test cluster, so that no test passes because of it."""
        record.keep(self.verbs)
        failures = self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)
        if checked and failures:
            raise ExceptionGroup("the test cluster itself failed", failures)

    async def _end(self) -> list[Exception]:
        await self._hang_up()
        self.machine.end()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return self.machine.failures

    # from any thread

    def do(self, action: Callable[[Machine], T]) -> T:
        """Run something in the cluster's thread."""

        async def run() -> T:
            return action(self.machine)

        return self._run(run())

    def _run(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(PATIENCE)

    def wait(self, until: Callable[[Machine], T], seconds: float = 5.0) -> T:
        """What `until` says as soon as it is true of the cluster."""
        end = time.monotonic() + seconds
        while not (found := self.do(until)):
            assert time.monotonic() < end, "it did not come to that"
            time.sleep(0.005)
        return found

    def find(self, resource: Resource, name: str = "") -> list[Object]:
        """Objects in the namespace, those whose names begin so."""
        found = self.do(lambda machine: machine.store.find(resource, self.namespace))
        return [thing for thing in found if name_of(thing).startswith(name)]

    # the API server

    def go_away(self) -> None:
        self._run(self._hang_up())

    def come_back(self, *, compacted: bool = False) -> None:
        """`compacted`: it no longer knows the past, so watches must list again."""
        if compacted:
            self.do(lambda machine: machine.store.compact())
        self._run(self._listen(self.machine))

    async def _hang_up(self) -> None:
        for stream in list(self.machine.streams.open):
            if stream._req and stream._req.transport:
                stream._req.transport.abort()
        if self._runner:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    def rotate_token(self, token: str) -> None:
        """The agent's old token is refused from now on (401)."""

        def rotate(machine: Machine) -> None:
            (old,) = [each for each in machine.access.users if each != "admin-token"]
            machine.access.users[token] = machine.access.users.pop(old)

        self.do(rotate)

    def plan(self, fault: Fault) -> Fault:
        self.do(lambda machine: machine.faults.planned.append(fault))
        return fault

    def unplan(self, fault: Fault) -> None:
        self.do(lambda machine: machine.faults.planned.remove(fault))

    # watches

    def drop_watches(self) -> None:
        """Their connections break, in the middle of whatever they were saying."""

        def drop(machine: Machine) -> None:
            for request in list(machine.watchers.values()):
                if request.transport:
                    request.transport.abort()

        self.do(drop)

    def silence_watches(self) -> int:
        """Their connections stay and nothing comes any more; how many there were."""

        def silence(machine: Machine) -> int:
            for watcher in machine.watchers:
                watcher.silent = True
            return len(machine.watchers)

        return self.do(silence)

    def expire_watches(self) -> None:
        """Each is told 410, and the past is forgotten."""

        def expire(machine: Machine) -> None:
            machine.store.compact()
            for watcher in machine.watchers:
                watcher.expire("The resourceVersion for the provided watch is too old.")

        self.do(expire)

    # what happens to pods and nodes

    def _worker(self, machine: Machine, pod: str) -> PodWorker:
        (found,) = [
            each
            for each in machine.kubelet.workers.values()
            if name_of(each.pod).startswith(pod) and not each.over
        ]
        return found

    def crash(self, pod: str, code: int = 1, reason: str = "") -> None:
        """The pod's one container ends. `pod` is how its name begins."""

        def crash(machine: Machine) -> None:
            container = self._worker(machine, pod).container
            assert container, "nothing runs there"
            container.end(code, reason)

        self.do(crash)

    def out_of_memory(self, pod: str) -> None:
        self.crash(pod, KILLED, "OOMKilled")

    def evict(self, pod: str) -> None:
        def evict(machine: Machine) -> None:
            worker = self._worker(machine, pod)
            worker.fail("Evicted", EVICTED.format(name=worker.spec["name"]))

        self.do(evict)

    def lose_node(self, name: str) -> None:
        self.do(lambda machine: machine.node_answers(name, False))

    def return_node(self, name: str) -> None:
        self.do(lambda machine: machine.node_answers(name, True))
