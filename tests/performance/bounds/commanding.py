"""What a command costs from the request to the running session: calls, calls of the queue, capacity units.
The agent's own worker runs in this process, and its signed calls are answered by the Lambda entry point."""

import asyncio
import tempfile
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx

from agent.client.control import HttpControlPlane
from agent.client.queue import SqsQueue
from agent.client.servertime import ServerClock
from agent.drivers.fake import FakeDriver, FakeWorld
from agent.worker.access import Access
from agent.worker.loops import Surroundings, Worker
from agent.worker.reach import Reach
from agent.worker.runtime import Runtime, Threads
from agent.worker.timings import SLOTS, Timings
from chalicelib.protocol.instances import Stage
from tests.performance.bounds.cost import Cost, counted
from tests.performance.bounds.crowd import SMALL
from tests.performance.bounds.rig import Rig
from tests.support.desk import Desk
from tests.support.lambda_client import LambdaClient

_IMAGES = {"streamspace/desktop:dev"}
"""Those of a desk's template."""
_PATIENCE = 300
_STILL_SECONDS = 2


class _Served(httpx.AsyncBaseTransport):
    """Answers by the app itself, one request at a time; counts them by the last word of their path."""

    def __init__(self, client: LambdaClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self.calls: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body, path = await request.aread(), request.url.path
        answer = await asyncio.to_thread(self._serve, path, dict(request.headers), body)
        self.calls[path.rsplit("/", 1)[1]] += 1
        return httpx.Response(answer.status, headers=answer.headers, content=answer.text.encode())

    def apart(self, call: Callable[[], Any]) -> Any:
        """While no request is answered: the app in this process takes one at a time."""
        with self._lock:
            return call()

    def _serve(self, path: str, headers: dict[str, str], body: bytes) -> Any:
        return self.apart(lambda: self._client("POST", path, raw=body, headers=headers))


@dataclass(frozen=True)
class Commanded:
    """All commands together."""

    cost: Cost
    calls: dict[str, int]


@dataclass(frozen=True)
class Crowded:
    """More commands than an agent has slots for: how many it took on, how many it left to others, how many
    were done in the end."""

    taken: int
    left: int
    done: int


def commanded(rig: Rig, count: int) -> Commanded:
    """So many sessions, asked for and started."""
    return asyncio.run(_commanded(rig.desk(), count))


def crowded(rig: Rig, count: int = SLOTS + 36) -> Crowded:
    """So many starts at once, none of which ends before the agent has taken on all that it will."""
    return asyncio.run(_crowded(rig.desk(), count))


async def _commanded(desk: Desk, count: int) -> Commanded:
    desk.launch(resources=SMALL)  # the first session of a user also makes the quota's rows
    async with _working(desk, FakeWorld(images=_IMAGES)) as served:
        # An agent that has just come is sent again what waits for it.
        await _until(lambda: served.calls["inventory"] > 0 and served.calls["result"] == 1)
        served.calls.clear()
        with counted() as cost:
            for _ in range(count):
                await asyncio.to_thread(served.apart, lambda: desk.launch(resources=SMALL))
            await _until(lambda: served.calls["result"] >= count)
    calls = {name: served.calls[name] for name in ("claim", "status", "result")}
    cost.calls = sum(calls.values())
    return Commanded(cost, calls)


async def _crowded(desk: Desk, count: int) -> Crowded:
    gate = threading.Event()

    def wait(_stage: Stage) -> None:
        gate.wait()

    try:
        async with _working(desk, FakeWorld(images=_IMAGES, pause=wait)) as served:
            await _until(lambda: served.calls["inventory"] > 0)
            for _ in range(count):
                await asyncio.to_thread(served.apart, lambda: desk.launch(resources=SMALL))
            await _until(lambda: served.calls["claim"] >= min(SLOTS, count))
            await asyncio.sleep(_STILL_SECONDS)
            taken, left = served.calls["claim"], _waiting(desk)
            gate.set()
            await _until(lambda: served.calls["result"] >= count)
            return Crowded(taken, left, served.calls["result"])
    finally:
        gate.set()


@asynccontextmanager
async def _working(desk: Desk, world: FakeWorld) -> AsyncIterator[_Served]:
    """The desk's agent at work."""
    served, clock, reach, threads = _Served(desk.client), ServerClock(), Reach(), Threads()
    runtime = Runtime(blocking=threads)
    with tempfile.TemporaryDirectory() as folder:
        async with httpx.AsyncClient(transport=served, base_url="http://localhost:8080", timeout=60) as http:
            control = HttpControlPlane(http, desk.agent.signer(), clock)
            access = Access(control=control, clock=clock, reach=reach, runtime=runtime, timings=Timings())
            worker = Worker(
                Surroundings(
                    tenant_id=desk.tenant.id,
                    controller_id=desk.agent.controller_id,
                    control=control,
                    queue=SqsQueue(access.queue),
                    driver=FakeDriver(desk.agent.controller_id, world),
                    access=access,
                    reach=reach,
                    clock=clock,
                    runtime=runtime,
                    timings=Timings(),
                    folder=Path(folder),
                )
            )
            worker.start()
            try:
                yield served
            finally:
                await worker.stop()
                threads.close()


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not condition():
            await asyncio.sleep(0.02)


def _waiting(desk: Desk) -> int:
    """Messages on the queue that anybody may receive."""
    url = desk.agent.queue["queue_url"]
    asked = ["ApproximateNumberOfMessages"]
    found = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=asked)
    return int(found["Attributes"][asked[0]])
