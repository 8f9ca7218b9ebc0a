"""People: they start sessions, put them to sleep, wake, rename and end them, lose patience and change their
minds; and some see to it that what failed runs again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from chalicelib.core.errors import DomainError, Unavailable
from chalicelib.identity.service import User
from chalicelib.sessions.rules import State
from chalicelib.sessions.service import NewSession, Session
from tests.simulation.network import Network
from tests.simulation.plane import Plane, Tenancy
from tests.simulation.trace import Trace

_WISHES = {
    "create": 20,
    "rush": 10,
    "hibernate": 20,
    "wake": 20,
    "terminate": 8,
    "rename": 6,
    "hurry": 8,
    "regret": 8,
}
_TWICE = 0.25
"""The share of requests for a session that are sent twice at once, under one key."""


@dataclass
class Wishes:
    """How many more there may be, of all people together."""

    left: int

    def take(self) -> bool:
        self.left -= 1
        return self.left >= 0


@dataclass
class Person:
    """`own` are the sessions that this person was told of; `watchful` is how often (s) they look whether one
    failed, if they do."""

    name: str
    user: User
    tenancy: Tenancy
    plane: Plane
    network: Network
    chance: Random
    trace: Trace
    wishes: Wishes
    most_sessions: int
    pace: float
    watchful: float | None = None
    own: dict[str, None] = field(default_factory=dict)
    keys: int = 0

    async def live(self, until: float) -> None:
        """Want things until then."""
        loop = self.network.loop
        if self.chance.random() < 0.5 and self.wishes.take():
            await self._rush()
        while loop.time() < until:
            await asyncio.sleep(self.chance.expovariate(1 / self.pace))
            if loop.time() >= until or not self.wishes.take():
                return
            await self._wish()

    async def mend(self, until: float) -> None:
        """Wake what failed, until then."""
        while self.watchful is not None and self.network.loop.time() < until:
            await asyncio.sleep(self.watchful)
            await self.mend_once()

    async def mend_once(self) -> None:
        """Wake what failed."""
        for session_id in list(self.own):
            if await self._state(session_id) is State.FAILED:
                await self.ask("wake", session_id)

    async def ask(self, what: str, session_id: str) -> Session | None:
        """One thing of one session; None where it was refused or nobody knows."""
        lifecycle, user = self.plane.sessions.lifecycle, self.user
        calls: dict[str, Any] = {
            "hibernate": lambda: lifecycle.hibernate(user, session_id),
            "wake": lambda: lifecycle.wake(user, session_id),
            "rename": lambda: lifecycle.rename(
                user, session_id, name=f"n{self.chance.random():.3f}", labels=None
            ),
            "terminate": lambda: self.plane.sessions.terminate(user, session_id, delete_home=False),
            "wipe": lambda: self.plane.sessions.terminate(user, session_id, delete_home=True),
        }
        try:
            session: Session = await self.network.ask(what, calls[what])
        except DomainError as error:
            self._say(f"{what}: {error.code}", session_id)
            return None
        self._say(f"{what}: accepted as {session.state}", session_id)
        return session

    async def restart(self, session_id: str, over: Callable[[], bool]) -> None:
        """Put it to sleep, and wake it as soon as it is, unless all is over by then."""
        if over() or await self.ask("hibernate", session_id) is None:
            return
        for _ in range(40):
            await asyncio.sleep(1)
            state = await self._state(session_id)
            if over() or state not in (None, State.HIBERNATING, State.HIBERNATED):
                return
            if state is State.HIBERNATED and await self.ask("wake", session_id) is not None:
                return

    async def create(self) -> Session | None:
        """A new session, tried again under one key while nobody answers."""
        self.keys += 1
        key = f"{self.name}-{self.keys}"
        wanted = NewSession(
            self.chance.choice(self.tenancy.templates), cpu_millis=self.chance.choice((500, 1000, 2000))
        )
        for _ in range(self.chance.choice((1, 3))):
            try:
                session = await self._request(wanted, key)
            except Unavailable:
                await asyncio.sleep(self.chance.uniform(0.2, 3))
                continue
            except DomainError as error:
                self._say(f"create: {error.code}", "")
                return None
            self._say(f"create: accepted as {session.state}", session.id)
            self.own[session.id] = None
            return session
        return None

    async def _request(self, wanted: NewSession, key: str) -> Session:
        """Raises DomainError."""

        async def once() -> Session:
            creation = self.plane.sessions.creation
            session: Session = await self.network.ask(
                "create", lambda: creation.create(self.user, wanted, key)
            )
            return session

        if self.chance.random() >= _TWICE:
            return await once()
        first, second = await asyncio.gather(once(), once(), return_exceptions=True)
        answer = second if isinstance(first, BaseException) else first
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def _state(self, session_id: str) -> State | None:
        try:
            session: Session = await self.network.ask(
                "look", lambda: self.plane.sessions.queries.get(self.user, session_id)
            )
        except DomainError:
            return None
        return session.state

    async def _rush(self) -> None:
        """Everything at once."""
        more = min(3, self.most_sessions - len(self.own))
        waking = [self.ask("wake", each) for each in self.own]
        await asyncio.gather(*waking, *(self.create() for _ in range(more)))

    async def _wish(self) -> None:
        wish = self.chance.choices(list(_WISHES), weights=list(_WISHES.values()))[0]
        if wish == "rush":
            await self._rush()
            return
        if not self.own or wish == "create":
            if len(self.own) < self.most_sessions:
                await self.create()
                return
            wish = "wake"
        session_id = self.chance.choice(list(self.own))
        match wish:
            case "terminate":
                await self.ask(self.chance.choice(("terminate", "wipe")), session_id)
            case "hurry":  # twice at once
                what = self.chance.choice(("hibernate", "wake"))
                await asyncio.gather(self.ask(what, session_id), self.ask(what, session_id))
            case "regret":  # and at once the opposite
                first, then = self.chance.sample(("hibernate", "wake", "wake", "terminate"), 2)
                hurried = asyncio.ensure_future(self.ask(first, session_id))
                await asyncio.sleep(self.chance.choice((0.0, 0.05, 2.0, 8.0)))
                await self.ask(then, session_id)
                await hurried
            case _:
                await self.ask(wish, session_id)

    def _say(self, what: str, session_id: str) -> None:
        self.trace.add(self.network.loop.time(), self.name, what, session_id)
