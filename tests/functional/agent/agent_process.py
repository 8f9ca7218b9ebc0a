"""An agent that can be killed: the product's worker on a state folder and a fake platform.

`kill` is kill -9 as the rest of the world sees it: what was on disk at that moment is all that the next boot
finds, no call leaves the dead process any more, and its driver threads never take another step.
"""

import asyncio
import contextlib
import shutil
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from agent.client import enrolment
from agent.client.control import HttpControlPlane, http_client
from agent.client.identity import IdentityStore
from agent.client.keys import KeyRing
from agent.client.queue import Message, SqsQueue
from agent.client.servertime import ServerClock
from agent.drivers.base import Driver, Progressing
from agent.drivers.fake import FakeDriver, FakeWorld
from agent.worker.access import Access
from agent.worker.loops import Surroundings, Worker
from agent.worker.reach import Reach
from agent.worker.runtime import Runtime
from agent.worker.timings import Timings
from chalicelib.protocol.agents import Heartbeat
from chalicelib.protocol.instances import InstanceSpec
from tests.functional.agent.fake_server import FakeServer

FAST = Timings(
    watch=0.1,
    look=0.05,
    progress=0.0,
    first_retry=0.03,
    most_retry=0.2,
    driver_retry=0.05,
    most_driver_retry=0.2,
    start_retries_for=0.5,
    probe=1.0,
    own_result=0.3,
    finish=3.0,
    access_ahead=0.5,
    poll_silence=10.0,
)


class _Life:
    """Whether the process lives. Its threads stop for ever at the next look when it does not."""

    def __init__(self) -> None:
        self.dead = False

    def look(self) -> None:
        if self.dead:
            threading.Event().wait()


class _MortalDriver(FakeDriver):
    """`before_return` is called when a start has succeeded, before the worker knows."""

    def __init__(self, controller_id: str, world: FakeWorld, life: _Life) -> None:
        super().__init__(controller_id, world)
        self._life = life
        self.before_return: Callable[[], None] = lambda: None

    def start(self, spec: InstanceSpec, progressing: Progressing) -> None:
        super().start(spec, progressing)
        self.before_return()
        self._life.look()

    def _step(self, *arguments: Any) -> None:
        self._life.look()
        super()._step(*arguments)
        self._life.look()


class _MortalTransport(httpx.AsyncHTTPTransport):
    def __init__(self, life: _Life) -> None:
        super().__init__()
        self._life = life

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._life.dead:
            await asyncio.Event().wait()
        return await super().handle_async_request(request)


class _MortalQueue(SqsQueue):
    def __init__(self, life: _Life, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._life = life

    async def delete(self, message: Message) -> None:
        if not self._life.dead:
            await super().delete(message)

    async def release(self, message: Message, after: float) -> None:
        if not self._life.dead:
            await super().release(message, after)


async def _daemon(call: Callable[[], Any]) -> Any:
    """Blocking calls in daemon threads, so that a dead process's threads do not keep the tests alive."""
    loop, future = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if not future.done():
            future.set_exception(error) if error else future.set_result(result)

    def run() -> None:
        try:
            result, error = call(), None
        except BaseException as raised:
            result, error = None, raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, daemon=True).start()
    return await future


class AgentProcess:
    """One boot. `next_boot` is another on what this one left on disk."""

    def __init__(self, server: FakeServer, world: FakeWorld, state: Path, timings: Timings = FAST) -> None:
        self.server, self.world, self.state, self.timings = server, world, state, timings
        self.life = _Life()
        self.beats: list[Heartbeat] = []
        self.driver = _MortalDriver(server.controller_id, world, self.life)
        self.local_now = ServerClock()._local
        self._http: httpx.AsyncClient | None = None

    async def start(self, driver: Driver | None = None) -> "AgentProcess":
        self._http = http_client(self.server.url)
        self._http._transport = _MortalTransport(self.life)
        store = IdentityStore(self.state)
        done = await enrolment.enroll(
            self._http,
            store,
            url=self.server.url,
            token=self.server.token,
            backend=self.driver.backend() if self.world.available else FakeDriver("ctl").backend(),
            takeover=False,
        )
        answer = done.enrolment.answer
        clock, reach = ServerClock(self.local_now), Reach()
        runtime = Runtime(blocking=_daemon)
        keys = KeyRing(store, done.enrolment, now=clock.now)
        control = HttpControlPlane(self._http, keys, clock, spare=keys.spare)
        access = Access(control=control, clock=clock, reach=reach, runtime=runtime, timings=self.timings)
        self.clock, self.access, self.reach, self.keys = clock, access, reach, keys
        self.worker = Worker(
            Surroundings(
                tenant_id=answer.tenant_id,
                controller_id=answer.controller_id,
                control=control,
                queue=_MortalQueue(self.life, access.queue),
                driver=driver or self.driver,
                access=access,
                reach=reach,
                clock=clock,
                runtime=runtime,
                timings=self.timings,
                folder=self.state / "worker",
                told=self.beats.append,
                keys=keys,
            )
        )
        self.worker.start()
        return self

    async def stop(self) -> None:
        """A clean stop (TERM)."""
        if not self.life.dead:
            await self.worker.stop()
        self.life.dead = True
        if self._http is not None:
            await self._http.aclose()

    async def kill(self) -> "AgentProcess":
        """Die at once; the next boot, not started yet."""
        self.life.dead = True
        left = self.state.with_name(f"{self.state.name}+")
        shutil.copytree(self.state, left, copy_function=_copy)
        await self.worker.supervisor.stop_all()
        return AgentProcess(self.server, self.world, left, self.timings)


def _copy(source: str, target: str) -> None:
    # A thread may take a report away while the folder is copied: then it was gone when the process died.
    with contextlib.suppress(FileNotFoundError):
        shutil.copy2(source, target)


async def eventually(what: Callable[[], Any], within: float = 40.0) -> Any:
    """The first true answer. Fails after `within` seconds."""
    until = asyncio.get_running_loop().time() + within
    while not (answer := what()):
        assert asyncio.get_running_loop().time() < until, "it did not come about"
        await asyncio.sleep(0.01)
    return answer


async def holds(what: Callable[[], Any], during: float) -> None:
    """Fails if it stops being so."""
    until = asyncio.get_running_loop().time() + during
    while asyncio.get_running_loop().time() < until:
        assert what()
        await asyncio.sleep(0.01)


Start = Callable[..., Awaitable[AgentProcess]]
