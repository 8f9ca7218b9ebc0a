"""What one agent process holds: its memory and what it does when nobody asks anything of it, by how many
sessions run on its platform."""

import time
from dataclasses import asdict, dataclass
from typing import Any

from agent.worker.timings import SLOTS
from tests.performance.bounds.site import Agent, Site

COUNTS = (0, 100, 1000)
SETTLE_SECONDS = 10
IDLE_SECONDS = 60
"""Two heartbeats, a dozen looks, three long polls."""
_MIB = 2**20


@dataclass(frozen=True)
class Held:
    """With so many sessions. CPU is of one core."""

    sessions: int
    resident_mib: float
    idle_cpu_percent: float


def held(site: Site) -> dict[str, Any]:
    """The same agent as its sessions grow; then another boot of it, which finds them all there."""
    agent = site.agent("holding", shared=True)
    found: list[Held] = []
    running: list[str] = []
    for count in COUNTS:
        running += site.create(agent.controller_id, count - len(running))
        site.all_running(running)
        found.append(_idle(agent, count))
    agent.stop()
    agent.start()
    time.sleep(SETTLE_SECONDS)
    booted, most = _idle(agent, COUNTS[-1]), agent.memory()[1]
    return {
        "slots": SLOTS,
        "grown": [asdict(each) for each in found],
        "booted": asdict(booted),
        "booted_most_mib": round(most / _MIB, 1),
        "kib_per_session": round((booted.resident_mib - found[0].resident_mib) * 1024 / COUNTS[-1], 1),
        "cpu_microseconds_per_session_and_second": round(
            (booted.idle_cpu_percent - found[0].idle_cpu_percent) * 10_000 / COUNTS[-1], 2
        ),
    }


def _idle(agent: Agent, count: int) -> Held:
    time.sleep(SETTLE_SECONDS)
    before = agent.cpu_seconds()
    time.sleep(IDLE_SECONDS)
    used = agent.cpu_seconds() - before
    return Held(count, round(agent.memory()[0] / _MIB, 1), round(used / IDLE_SECONDS * 100, 2))
