"""All luck of a run. Each kind of fault has a stream of its own, so that leaving one kind out changes no
other.

A run has a climate: of each kind of fault it has none, a little or much, so that runs differ in more than
details. In some, few kinds happen, and those often: what else is done there gets far enough to be hit.
"""

import random
from collections import Counter
from collections.abc import Iterable

RATES = {
    # the wire between agents or people and the control plane, per call
    "request_lost": 0.03,
    "answer_lost": 0.03,
    "request_repeated": 0.03,
    "slow_network": 0.05,
    "caller_stalls": 0.02,
    # the queue, per message or call
    "message_lost": 0.10,
    "message_repeated": 0.10,
    "message_delayed": 0.10,
    "queue_refuses": 0.02,
    "settling_lost": 0.05,
    # the store, per call
    "throttled": 0.01,
    "conflict": 0.02,
    "in_progress": 0.005,
    "write_lost": 0.004,
    "stale_read": 0.10,
    "slow_store": 0.02,
    # the control plane, per store call or per run of a schedule
    "request_crashed": 0.004,
    "sweep_missed": 0.15,
    "sweep_doubled": 0.10,
    # platforms, per call or step
    "platform_slow": 0.06,
    "answer_late": 0.06,
    "step_slow": 0.15,
    "platform_fails": 0.03,
    "effect_late": 0.08,
    "start_fails": 0.04,
    "stop_refused": 0.10,
    # episodes, per look of the weather and machine or platform
    "agent_killed": 0.12,
    "crash_loop": 0.04,
    "power_cut": 0.05,
    "agent_stopped": 0.05,
    "agent_stalled": 0.05,
    "partition": 0.06,
    "disk_full": 0.04,
    "platform_away": 0.05,
    "clock_jump": 0.06,
    "instance_dies": 0.20,
    "instance_vanishes": 0.06,
    "instance_returns": 0.15,
    "cloned_disk": 0.01,
    "switch_fails": 0.08,
    "ends_unheard": 0.08,
    # when one agent goes on with another one's work
    "back_too_soon": 0.5,
    # what administrators do, per look
    "cordon": 0.04,
    "drain": 0.08,
    "pause": 0.03,
    "revoke": 0.02,
    "redrive": 0.03,
    "bad_message": 0.03,
    # what owners do about an instance that ends, per look and platform
    "owner_restarts": 0.3,
}
"""Kinds of fault, and how likely each is at an opportunity in a middling climate."""

_MIXED = (0.0, 0.0, 0.3, 1.0, 1.0, 3.0)
_FEW = (0.0, 0.0, 0.0, 0.0, 3.0)
_CLIMATES = (_MIXED, _MIXED, _FEW)


class Luck:
    """`off` are kinds that do not happen at all. Once it is calm, none does."""

    def __init__(self, seed: int, off: Iterable[str] = ()) -> None:
        self._seed = seed
        self.off = frozenset(off)
        self.calm = False
        self.struck: Counter[str] = Counter()
        climate = self.stream("climate")
        amounts = climate.choice(_CLIMATES)
        self._rates = {kind: rate * climate.choice(amounts) for kind, rate in RATES.items()}
        self._streams: dict[str, random.Random] = {kind: self.stream(kind) for kind in RATES}

    def stream(self, name: str) -> random.Random:
        """Luck of its own for one thing. Seeded by text, so that it is the same in every process."""
        return random.Random(f"{self._seed}/{name}")

    def strikes(self, kind: str) -> bool:
        """Whether a fault of that kind happens now."""
        if self.calm or kind in self.off:
            return False
        if self._streams[kind].random() >= self._rates[kind]:
            return False
        self.struck[kind] += 1
        return True

    def within(self, kind: str, low: float, high: float) -> float:
        """How much of it."""
        return self._streams[kind].uniform(low, high)

    def pick(self, kind: str, choices: list[str]) -> str:
        """Which it hits."""
        return self._streams[kind].choice(choices)
