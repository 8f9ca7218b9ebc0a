"""Answers that go wrong on purpose. A fault is met by the requests that it names, for as often as it says."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.support.cluster.refusals import Refused


@dataclass
class Fault:
    """What it meets: a verb ("get", "list", "watch", "patch", "delete", "create", …; "write" for each that
    makes or changes; "" for all), a plural with its subresource ("" for all) and a name ("" for all). What it
    does, in this order: waits `delay` seconds; with `effect` lets the request be carried out first; then
    answers `refusal`, or drops the connection. With neither it is only slow. `meanwhile` runs when it is met,
    in the server's thread."""

    verb: str = ""
    resource: str = ""
    name: str = ""
    times: int | None = 1
    """None: until it is taken out."""
    skip: int = 0
    """Requests that pass before the first is met."""
    delay: float = 0.0
    refusal: Refused | None = None
    drop: bool = False
    effect: bool = False
    meanwhile: Callable[[], None] | None = None
    met: int = field(default=0, init=False)

    def concerns(self, verb: str) -> bool:
        return self.verb in {"", verb} or (self.verb == "write" and verb in {"create", "patch", "update"})


@dataclass
class Faults:
    planned: list[Fault] = field(default_factory=list)

    def meet(self, verb: str, resource: str, name: str) -> Fault | None:
        """The first that this request runs into; it counts as met."""
        for fault in self.planned:
            if not fault.concerns(verb) or fault.resource not in {"", resource}:
                continue
            if fault.name not in {"", name} or fault.times == 0:
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
            fault.met += 1
            return fault
        return None


async def begin(fault: Fault) -> None:
    """What comes before the request itself."""
    if fault.meanwhile:
        fault.meanwhile()
    if fault.delay:
        await asyncio.sleep(fault.delay)
