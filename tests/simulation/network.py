"""The wire between machines or people and the control plane: slow, forgetful, now and then repeating
itself."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from chalicelib.commands.numbers import locate
from chalicelib.core.errors import Unavailable
from tests.simulation.chance import Luck
from tests.simulation.gateway import DIED, Gateway, Reply
from tests.simulation.loop import PROCESS, VirtualLoop

_PATIENCE = 20.0
"""Of the agent's client (`agent.client.control.TIMEOUT`)."""


@dataclass
class Network:
    """`send` and `ask` are how calls travel."""

    loop: VirtualLoop
    luck: Luck
    gateway: Gateway
    stepped: Callable[[str], None]
    said: Callable[[str, str, str], None]

    def __post_init__(self) -> None:
        self._chance = self.luck.stream("network")

    async def send(self, path: str, headers: dict[str, str], body: bytes, cut: Callable[[], bool]) -> Reply:
        """An agent's call. Raises as httpx does."""
        self.stepped("network")
        await self._travel()
        if cut() or self.luck.strikes("request_lost"):
            await asyncio.sleep(self._chance.choice((0.1, 5.0)))
            raise httpx.ConnectTimeout("nobody answers")
        if self.luck.strikes("request_repeated"):
            again = self.luck.within("request_repeated", 0.1, 30)
            self.loop.call_later(again, lambda: self.gateway.agent_call(path, headers, body))
        answer = self.gateway.agent_call(path, headers, body)
        if self.luck.strikes("caller_stalls"):
            self._stall()
        reply = await self._patiently(answer)
        self.said(headers["x-boot"], f"{path} -> {reply.status}{_code(reply)}", _about(path))
        await self._travel()
        if cut():
            await asyncio.sleep(_PATIENCE)
            raise httpx.ReadTimeout("no answer")
        if self.luck.strikes("answer_lost"):
            if self._chance.random() < 0.5:
                raise httpx.ReadError("connection reset")
            await asyncio.sleep(_PATIENCE)
            raise httpx.ReadTimeout("no answer")
        self.stepped("network")
        return reply

    async def ask(self, name: str, call: Callable[[], Any]) -> Any:
        """A person's call: its result. Raises DomainError; Unavailable when nobody knows what became of
        it."""
        self.stepped("network")
        await self._travel()
        if self.luck.strikes("request_lost"):
            raise Unavailable("nobody answers")
        found = await self.gateway.direct(name, call)
        if found is DIED or self.luck.strikes("answer_lost"):
            raise Unavailable("no answer")
        await self._travel()
        result, refusal = found
        if refusal is not None:
            raise refusal
        return result

    async def _travel(self) -> None:
        seconds = self._chance.uniform(0.005, 0.1)
        if self.luck.strikes("slow_network"):
            seconds = self.luck.within("slow_network", 0.5, 15)
        await asyncio.sleep(seconds)

    def _stall(self) -> None:
        """The caller's machine is paused before it hears the answer, which is old news by then."""
        process = PROCESS.get()
        if process is not None:
            seconds = self.luck.within("caller_stalls", 1, 220)
            self.said(process.name, f"stalls in a call for {seconds:.0f} s", "")
            process.stalled_until = self.loop.time() + seconds

    async def _patiently(self, answer: "asyncio.Future[Reply]") -> Reply:
        waiter: asyncio.Future[Reply] = self.loop.create_future()
        timer = self.loop.call_later(_PATIENCE, _give_up, waiter)
        answer.add_done_callback(lambda done: _pass_on(done, waiter))
        try:
            return await waiter
        finally:
            timer.cancel()


def _about(path: str) -> str:
    """The session that a call names."""
    kind, _, name = path.removeprefix("/agent/v1/").partition("/")
    if kind == "sessions":
        return name.split("/")[0]
    located = locate(name.split("/")[0])
    return located[0] if located else ""


def _code(reply: Reply) -> str:
    return "" if reply.status < 300 else f" {reply.body[:200].decode()}"


def _pass_on(done: "asyncio.Future[Reply]", waiter: "asyncio.Future[Reply]") -> None:
    if not waiter.done():
        waiter.set_result(done.result())


def _give_up(waiter: "asyncio.Future[Reply]") -> None:
    if not waiter.done():
        waiter.set_exception(httpx.ReadTimeout("no answer"))


@dataclass
class Http:
    """What `HttpControlPlane` uses of httpx's client."""

    network: Network
    cut: Callable[[], bool]

    async def post(self, path: str, *, content: bytes, headers: dict[str, str]) -> httpx.Response:
        reply = await self.network.send(path, headers, content, self.cut)
        return httpx.Response(reply.status, headers=reply.headers, content=reply.body)


@dataclass
class SimSigner:
    """Names who signs, when, and a nonce; the arithmetic is left out (`sources.py`)."""

    private: Any
    key_id: str
    authority: str
    now: Callable[[], Any]
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def headers(self, _method: str, _path: str, _body: bytes) -> dict[str, str]:
        process = PROCESS.get()
        boot = process.name if process else "nobody"
        return {
            "x-authority": self.authority,
            "x-boot": boot,
            "x-key": self.key_id,
            "x-created": str(int(self.now().timestamp())),
            "x-nonce": f"{boot}-{self.key_id[-6:]}-{next(self._numbers)}",
        }
