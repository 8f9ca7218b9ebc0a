"""An inventory in slices that one call carries, in the order of session ids."""

from bisect import bisect_right
from dataclasses import dataclass

from agent.drivers.base import Inventory
from chalicelib.protocol.instances import InstanceFacts

SLICE = 1000
"""Sessions of one report: below 200 KB, which the control plane takes and answers within a few seconds."""


@dataclass(frozen=True)
class Slice:
    """All there is of the sessions up to and with `until`; None: of all that come."""

    instances: tuple[InstanceFacts, ...]
    homes: tuple[str, ...]
    until: str | None


class Slices:
    """One inventory, put in order once."""

    def __init__(self, inventory: Inventory) -> None:
        self._instances: dict[str, list[InstanceFacts]] = {}
        for facts in inventory.instances:
            self._instances.setdefault(facts.session_id, []).append(facts)
        self._homes = frozenset(inventory.homes)
        self._ids = sorted(self._homes | self._instances.keys())

    def following(self, after: str | None) -> Slice:
        """The slice that begins behind that session; None: the first."""
        first = 0 if after is None else bisect_right(self._ids, after)
        some = self._ids[first : first + SLICE]
        last = first + SLICE >= len(self._ids)
        return Slice(
            instances=tuple(facts for each in some for facts in self._instances.get(each, ())),
            homes=tuple(each for each in some if each in self._homes),
            until=None if last else some[-1],
        )
