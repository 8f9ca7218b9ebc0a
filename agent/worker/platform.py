"""What the platform has and uses, asked in a thread and never for longer than is sensible."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from agent.drivers.base import Driver, DriverError
from agent.worker.health import OK, Part, failing
from agent.worker.runtime import Runtime
from agent.worker.timings import Timings
from chalicelib.protocol.agents import Capacity
from chalicelib.protocol.instances import InstanceState

_log = logging.getLogger(__name__)
_NOTHING = Capacity(cpu_millis=0, memory_bytes=0)


@dataclass(frozen=True)
class Facts:
    """Of the last time that the platform answered; all zero before the first."""

    capacity: Capacity = _NOTHING
    usage: Capacity = _NOTHING
    load: Capacity | None = None
    instances: int = 0
    sessions: frozenset[str] = frozenset()
    """Those that have an instance, running or not."""


class Platform:
    """Looks at the platform and judges its health by how that went. `gone` is called with sessions whose
    instance was there at the look before and is not any more, whoever removed it."""

    def __init__(
        self,
        *,
        driver: Driver,
        health: Part,
        runtime: Runtime,
        timings: Timings,
        gone: Callable[[frozenset[str]], None] = lambda _: None,
    ) -> None:
        self._driver = driver
        self._health = health
        self._runtime = runtime
        self._timings = timings
        self._gone = gone
        self._look: asyncio.Future[Facts] | None = None
        self._facts = Facts()

    async def facts(self) -> Facts:
        """The newest facts there are. A look that hangs is waited for, not repeated."""
        look = self._look
        if look is None:
            look = self._look = asyncio.ensure_future(self._runtime.blocking(self._ask))
        if not await self._runtime.settled(look, most=self._timings.probe):
            self._health.is_now(
                failing("platform_silent", f"{self._driver.platform} does not answer; see whether it hangs.")
            )
            return self._facts
        self._look = None
        before = self._facts.sessions
        try:
            self._facts = look.result()
        except DriverError as error:
            self._health.is_now(failing(error.reason.code, error.reason.message))
        except Exception:
            _log.exception("The platform could not be asked.")
            self._health.is_now(
                failing("agent_fault", "The platform could not be asked; see the agent's log.")
            )
        else:
            self._health.is_now(OK)
        if gone := before - self._facts.sessions:
            self._gone(gone)
        return self._facts

    def _ask(self) -> Facts:
        instances = self._driver.inventory().instances
        return Facts(
            capacity=self._driver.capacity(),
            usage=self._driver.usage(),
            load=self._load(),
            instances=sum(each.state is InstanceState.RUNNING for each in instances),
            sessions=frozenset(each.session_id for each in instances),
        )

    def _load(self) -> Capacity | None:
        """Measuring is no part of running sessions: where it fails, the platform is well all the same."""
        try:
            return self._driver.load()
        except DriverError as error:
            _log.info("What sessions use could not be measured: %s", error)
            return None
