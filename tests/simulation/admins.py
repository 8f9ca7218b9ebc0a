"""Administrators: they cordon, drain and pause controllers, shut agents out and let others in, and look after
dead letters; while everything else goes wrong as well."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from chalicelib.controllers.maintenance_rules import DrainMode
from chalicelib.controllers.service import Change
from chalicelib.core.errors import DomainError
from tests.simulation.chance import Luck
from tests.simulation.network import Network
from tests.simulation.plane import Plane, Tenancy

_LOOK = 20.0
KINDS = ("cordon", "drain", "pause", "revoke", "redrive")
"""What they do, as kinds of fault: a run may be without them."""


@dataclass
class Admin:
    """`admit` enrols another agent for a controller, on a machine of its own."""

    tenancy: Tenancy
    plane: Plane
    network: Network
    luck: Luck
    chance: Random
    controllers: list[str]
    said: Callable[[str, str], None]
    admit: Callable[[str], Awaitable[None]]
    moving: set[str] = field(default_factory=set)
    """Controllers that were told to move what they run, for all that is known."""

    async def live(self, until: float) -> None:
        """Until then."""
        loop = self.network.loop
        while loop.time() < until:
            await asyncio.sleep(_LOOK)
            for controller_id in self.controllers:
                for kind in KINDS:
                    if self.luck.strikes(kind):
                        await getattr(self, f"_{kind}")(controller_id)

    async def relent(self) -> None:
        """Everything may be used again."""
        for controller_id in self.controllers:
            tenant_id, maintenance = self.tenancy.tenant_id, self.plane.maintenance
            await self._ask("undrain", lambda: maintenance.undrain(tenant_id, controller_id))  # noqa: B023
            await self.resume(controller_id)
            await self._change(controller_id, cordoned=False)
        self.moving.clear()

    async def resume(self, controller_id: str) -> None:
        """A pause is over."""
        await self._ask(
            "resume", lambda: self.plane.maintenance.resume(self.tenancy.tenant_id, controller_id)
        )

    async def _cordon(self, controller_id: str) -> None:
        await self._change(controller_id, cordoned=self.chance.random() < 0.5)

    async def _drain(self, controller_id: str) -> None:
        tenant_id, maintenance = self.tenancy.tenant_id, self.plane.maintenance
        if self.chance.random() < 0.5:
            await self._ask("undrain", lambda: maintenance.undrain(tenant_id, controller_id))
            self.moving.discard(controller_id)
            return
        mode = self.chance.choice((DrainMode.FINISH, DrainMode.MOVE))
        by = self.tenancy.admin.user_id
        self.moving.discard(controller_id)
        if await self._ask(
            f"drain {mode}", lambda: maintenance.drain(tenant_id, controller_id, mode, by=by, reason=None)
        ):
            self.moving |= {controller_id} if mode is DrainMode.MOVE else set()

    async def _pause(self, controller_id: str) -> None:
        if self.chance.random() < 0.3:
            await self.resume(controller_id)
            return
        seconds = self.chance.choice((60, 90, 300))
        maintenance, tenant_id = self.plane.maintenance, self.tenancy.tenant_id
        await self._ask(
            f"pause {seconds}", lambda: maintenance.pause(tenant_id, controller_id, seconds, reason=None)
        )

    async def _revoke(self, controller_id: str) -> None:
        """Somebody new comes first, or after a while."""
        serving, tenant_id = self.plane.serving, self.tenancy.tenant_id
        agents = await self._ask("agents", lambda: serving.of(tenant_id, controller_id))
        if not agents:
            return
        victim = self.chance.choice(agents).agent.id
        if self.chance.random() < 0.5:
            await self.admit(controller_id)
        await self._ask(f"revoke {victim[-4:]}", lambda: serving.revoke(tenant_id, controller_id, victim))
        left = await self._ask("agents", lambda: serving.of(tenant_id, controller_id))
        if not left:
            await asyncio.sleep(self.chance.choice((1, 30)))
            await self.admit(controller_id)

    async def _redrive(self, controller_id: str) -> None:
        letters, tenant_id = self.plane.dead_letters, self.tenancy.tenant_id
        await self._ask("redrive", lambda: letters.redrive(tenant_id, controller_id, None))

    async def _change(self, controller_id: str, *, cordoned: bool) -> None:
        change = Change(cordoned=cordoned)
        tenant_id, controllers = self.tenancy.tenant_id, self.plane.controllers
        await self._ask(f"cordoned: {cordoned}", lambda: controllers.change(tenant_id, controller_id, change))

    async def _ask(self, what: str, call: Callable[[], Any]) -> Any:
        try:
            answer = await self.network.ask(what, call)
        except DomainError as error:
            self.said("admin", f"{what}: {error.code}")
            return None
        self.said("admin", f"{what}: done")
        return answer
