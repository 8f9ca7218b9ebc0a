"""People: they start sessions, put them to sleep, wake, rename and end them, lose patience and change their
minds."""

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Any

from chalicelib.core.errors import DomainError, Unavailable
from chalicelib.identity.service import User
from chalicelib.sessions.service import NewSession, Session
from tests.simulation.network import Network
from tests.simulation.plane import Plane, Tenancy
from tests.simulation.trace import Trace

_WISHES = {"create": 25, "hibernate": 20, "wake": 25, "terminate": 8, "rename": 6, "hurry": 8, "regret": 8}


@dataclass
class Wishes:
    """How many more there may be, of all people together."""

    left: int

    def take(self) -> bool:
        self.left -= 1
        return self.left >= 0


@dataclass
class Person:
    """`own` are the sessions that this person was told of."""

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
    own: dict[str, None] = field(default_factory=dict)
    keys: int = 0

    async def live(self, until: float) -> None:
        """Want things until then."""
        loop = self.network.loop
        while loop.time() < until:
            await asyncio.sleep(self.chance.expovariate(1 / self.pace))
            if loop.time() >= until or not self.wishes.take():
                return
            await self._wish()

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

    async def create(self) -> Session | None:
        """A new session, tried again under one key while nobody answers."""
        self.keys += 1
        key = f"{self.name}-{self.keys}"
        wanted = NewSession(
            self.chance.choice(self.tenancy.templates), cpu_millis=self.chance.choice((500, 1000, 2000))
        )
        for _ in range(self.chance.choice((1, 3))):
            try:
                session: Session = await self.network.ask(
                    "create", lambda: self.plane.sessions.creation.create(self.user, wanted, key)
                )
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

    async def _wish(self) -> None:
        wish = self.chance.choices(list(_WISHES), weights=list(_WISHES.values()))[0]
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
