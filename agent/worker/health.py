"""Health of the agent's parts, apart from each other: an agent that beats but does not poll is not well."""

import asyncio
import logging

from chalicelib.protocol.agents import Health, PartHealth
from chalicelib.protocol.instances import Reason

_log = logging.getLogger(__name__)

OK = PartHealth(state=Health.OK)


def failing(code: str, message: str) -> PartHealth:
    """What is wrong, and what a person can do about it."""
    return PartHealth(state=Health.FAILING, reason=Reason(code=code, message=message))


class Part:
    """One part's health. A change of state sets `changed`, and the heartbeat tells at once."""

    def __init__(self, name: str, changed: asyncio.Event, first: PartHealth = OK) -> None:
        self._name = name
        self._changed = changed
        self.now = first

    def is_now(self, health: PartHealth) -> None:
        before, self.now = self.now, health
        if health.state is before.state:
            return
        if health.reason is not None:
            _log.warning("%s is failing: %s", self._name, health.reason.message)
        else:
            _log.info("%s works again.", self._name)
        self._changed.set()


class AgentHealth:
    """The parts that the worker judges; streaming is judged by the gateway."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self.polling = Part("Polling for commands", self.changed)
        self.platform = Part("The platform", self.changed)
