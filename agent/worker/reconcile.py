"""The loop that compares the platform with what the control plane wants: on start, after every outage, and
every few minutes. The control plane decides; the agent removes or adopts under the fence it is given."""

import asyncio
import logging

from agent.client import errors
from agent.client.port import ControlPlane
from agent.client.servertime import Moment, ServerClock
from agent.drivers.base import Driver, DriverError
from agent.worker.access import Access
from agent.worker.fences import Fences
from agent.worker.lanes import Lanes
from agent.worker.reach import Reach
from agent.worker.runtime import Backoff, Runtime
from agent.worker.slicing import Slices
from agent.worker.timings import Timings
from chalicelib.protocol.agents import InventoryAction, InventoryReport, Remedy

_log = logging.getLogger(__name__)


class Reconciler:
    """`soon` asks for a comparison now (an instance has ended whose fence is not known, for example)."""

    def __init__(
        self,
        *,
        control: ControlPlane,
        driver: Driver,
        access: Access,
        fences: Fences,
        lanes: Lanes,
        reach: Reach,
        clock: ServerClock,
        runtime: Runtime,
        timings: Timings,
    ) -> None:
        self._control = control
        self._driver = driver
        self._access = access
        self._fences = fences
        self._lanes = lanes
        self._reach = reach
        self._clock = clock
        self._runtime = runtime
        self._timings = timings
        self._asked = asyncio.Event()

    def soon(self) -> None:
        self._asked.set()

    async def run(self) -> None:
        """Compare for ever."""
        await self._access.ready.wait()
        backoff = Backoff(self._runtime, first=self._timings.first_retry, most=self._timings.most_retry)
        while True:
            self._reach.recovered.clear()
            self._asked.clear()
            if await self._compare():
                backoff.reset()
                await self._until_next()
            else:
                await self._runtime.sleep(backoff.pause())

    async def _until_next(self) -> None:
        """The interval; less after an outage; but no two comparisons within one look's interval."""
        await self._runtime.sleep(self._timings.watch)
        interval = self._access.intervals.inventory
        await self._runtime.wait(self._reach.recovered, self._asked, most=interval)

    async def _compare(self) -> bool:
        """Whether the inventory was answered."""
        began, fences = self._clock.moment(self._runtime.monotonic()), self._fences.all()
        try:
            inventory = await self._runtime.blocking(self._driver.inventory)
            actions = await self._report(Slices(inventory), began)
        except errors.Fatal:
            raise
        except errors.ApiError as error:
            self._reach.failed(error)
            _log.warning("The inventory was not taken: %s", error.detail)
            return False
        except DriverError as error:
            _log.warning("There is no inventory: %s", error)
            return False
        self._reach.answered()
        for action in actions:
            await self._act(action, fences.get(action.session_id))
        return True

    async def _report(self, slices: Slices, began: Moment) -> list[InventoryAction]:
        """What is to be done, once all of the inventory was taken. Raises errors.ApiError."""
        actions: list[InventoryAction] = []
        after: str | None = None
        while True:
            part = slices.following(after)
            answer = await self._control.inventory(
                InventoryReport(
                    epoch=self._access.epoch,
                    started_at=self._clock.at(began, self._runtime.monotonic()),
                    instances=part.instances,
                    homes=part.homes,
                    after=after,
                    until=part.until,
                )
            )
            actions += answer.actions
            come = answer.compared_until or part.until
            if come is None:
                return actions
            if after is not None and come <= after:
                raise errors.ServerFault("The inventory does not get on.")
            after = come

    async def _act(self, action: InventoryAction, fence_before: int | None) -> None:
        async with self._lanes.hold(action.session_id):
            known = self._fences.get(action.session_id)
            if known != fence_before:
                return  # a command was claimed since the inventory began: it knows better
            if action.remedy is Remedy.ADOPT:
                if known is None or known < action.fence:
                    _log.info("Adopting the instance of %s.", action.session_id)
                    self._fences.raise_to(action.session_id, action.fence)
                return
            await self._remove(action)

    async def _remove(self, action: InventoryAction) -> None:
        _log.info("Removing what is left of %s.", action.session_id)
        try:
            await self._runtime.blocking(
                lambda: self._driver.remove(
                    action.session_id,
                    delete_home=action.delete_home,
                    before_incarnation=action.incarnation + 1,
                )
            )
        except DriverError as error:
            _log.warning("%s is still there: %s", action.session_id, error)  # so the next inventory says so
        else:
            self._fences.forget(action.session_id)
