"""What a world is made of, as those see it who look at all of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.core.config import Timings
from tests.simulation.chronicle import Chronicle
from tests.simulation.loop import VirtualLoop
from tests.simulation.machines import Machine
from tests.simulation.platforms import Backend


@dataclass
class Parts:
    """`places` are backends by controller; `homes_seen` sessions that have had a home."""

    loop: VirtualLoop
    timings: Timings
    chronicle: Chronicle
    broken: Callable[[str, str], None]
    machines: list[Machine] = field(default_factory=list)
    backends: list[Backend] = field(default_factory=list)
    places: dict[str, Backend] = field(default_factory=dict)
    homes_seen: set[str] = field(default_factory=set)
