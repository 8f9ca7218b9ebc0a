"""A controller: told of every change, it works through the keys that a change concerns, one after another."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tests.support.cluster.refusals import Refused
from tests.support.cluster.store import Change

if TYPE_CHECKING:
    from tests.support.cluster.machine import Machine


Key = tuple[str, ...]
"""What a controller works on; each says which names its keys are made of."""


class Controller:
    def __init__(self, machine: "Machine") -> None:
        self.machine = machine
        self.store, self.registry, self.tempo = machine.store, machine.registry, machine.tempo
        self.paused = False
        """A controller that is down: it goes on where it stopped."""
        self._due: dict[Key, None] = {}
        self._wake = asyncio.Event()

    def concerns(self, change: Change) -> Iterable[Key]:
        """The keys that this change may matter to."""
        raise NotImplementedError

    def work(self, key: Key) -> None:
        """Bring one thing nearer to how it should be."""
        raise NotImplementedError

    def hear(self, change: Change) -> None:
        for key in self.concerns(change):
            self.later(key)

    def later(self, key: Key, seconds: float = 0.0) -> None:
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self.later, key)
            return
        self._due[key] = None
        self._wake.set()

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(self.tempo.of("step"))
            while self._due:
                if self.paused:
                    await asyncio.sleep(self.tempo.of("step"))
                    continue
                key = next(iter(self._due))
                del self._due[key]
                try:
                    self.work(key)
                except Refused as refused:
                    if refused.code not in {404, 409}:  # it changed meanwhile: the change has been heard
                        self.machine.failures.append(refused)
                except Exception as error:
                    self.machine.failures.append(error)
