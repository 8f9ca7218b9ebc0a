"""What one agent process holds: its memory and what it does when nobody asks anything of it, by how many
sessions run on its platform. Each is measured after a boot, which finds them all there and adopts them."""

import time
from dataclasses import asdict, dataclass
from typing import Any

from tests.performance.bounds.site import Agent, Site
from tests.support.stack import wait_until

COUNTS = (0, 100, 1000, 5000)
SETTLE_SECONDS = 10
IDLE_SECONDS = 60
"""Two heartbeats, a dozen looks, three long polls."""
_BOOT_SECONDS = 120
_MIB = 2**20


@dataclass(frozen=True)
class Held:
    """With so many sessions. `most_mib` includes the inventory of the boot; CPU is of one core."""

    sessions: int
    resident_mib: float
    most_mib: float
    idle_cpu_percent: float


def held(site: Site) -> dict[str, Any]:
    """The same agent, boot after boot."""
    agent = site.agent("holding", shared=True)
    found = [_idle(agent, 0)]
    [pattern] = site.create(agent.controller_id, 1)
    site.all_running([pattern])
    there = 1
    for count in COUNTS[1:]:
        agent.stop()
        there += len(site.filled(agent, pattern, count - there + 1)) - 1
        agent.start()
        wait_until(lambda count=count: agent.fences() == count, _BOOT_SECONDS)
        found.append(_idle(agent, count))
    none, most = found[0], found[-1]
    return {
        "boots": [asdict(each) for each in found],
        "kib_per_session": round((most.resident_mib - none.resident_mib) * 1024 / most.sessions, 1),
        "cpu_microseconds_per_session_and_second": round(
            (most.idle_cpu_percent - none.idle_cpu_percent) * 10_000 / most.sessions, 2
        ),
    }


def _idle(agent: Agent, count: int) -> Held:
    time.sleep(SETTLE_SECONDS)
    before = agent.cpu_seconds()
    time.sleep(IDLE_SECONDS)
    used = agent.cpu_seconds() - before
    resident, most = (round(each / _MIB, 1) for each in agent.memory())
    return Held(count, resident, most, round(used / IDLE_SECONDS * 100, 2))
