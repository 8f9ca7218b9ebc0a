"""The loop that notices instances which ended by themselves; each is reported once under its fence."""

import logging

from agent.drivers.base import Driver, DriverError, Ended
from agent.worker.fences import Fences
from agent.worker.health import Part, failing
from agent.worker.lanes import Lanes
from agent.worker.outbox import Outbox, Report
from agent.worker.reconcile import Reconciler
from agent.worker.runtime import Runtime
from agent.worker.timings import Timings

_log = logging.getLogger(__name__)


class Watcher:
    """The driver answers by level, so what was told is remembered here until it is no longer so."""

    def __init__(
        self,
        *,
        driver: Driver,
        fences: Fences,
        lanes: Lanes,
        outbox: Outbox,
        reconciler: Reconciler,
        platform: Part,
        runtime: Runtime,
        timings: Timings,
    ) -> None:
        self._driver = driver
        self._fences = fences
        self._lanes = lanes
        self._outbox = outbox
        self._reconciler = reconciler
        self._platform = platform
        self._runtime = runtime
        self._timings = timings
        self._told: dict[tuple[str, int], int] = {}

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self._look()
            except DriverError as error:
                self._platform.is_now(failing(error.reason.code, error.reason.message))
            await self._runtime.sleep(self._timings.watch)

    async def _look(self) -> None:
        """Sessions at work before, during or after the look are left out: what was seen may be over."""
        busy = self._lanes.all_busy()
        fences = self._fences.all()
        seen = await self._runtime.blocking(self._driver.ended)
        there = {(each.facts.session_id, each.facts.incarnation) for each in seen}
        self._told = {key: fence for key, fence in self._told.items() if key in there}
        for ended in seen:
            session_id = ended.facts.session_id
            if session_id in busy or self._lanes.busy(session_id):
                continue
            async with self._lanes.hold(session_id):
                if self._fences.get(session_id) == fences.get(session_id):
                    await self._tell(ended)

    async def _tell(self, ended: Ended) -> None:
        session_id, key = ended.facts.session_id, (ended.facts.session_id, ended.facts.incarnation)
        fence = self._fences.get(session_id)
        if fence is None:
            if key not in self._told:
                self._told[key] = -1
                self._reconciler.soon()  # which says whether it is ours, and under which fence
            return
        if self._told.get(key) == fence:
            return
        _log.warning("The instance of %s ended: %s", session_id, ended.reason.message)
        await self._outbox.add(
            Report(session_id=session_id, fence=fence, ended=ended.reason, incarnation=key[1])
        )
        self._told[key] = fence
