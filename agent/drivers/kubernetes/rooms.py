"""Asking the cluster for what `capacity.py` counts: the installer's word, else the namespace's quota, else
the nodes, where the agent may read them."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.drivers.base import DriverError, PermanentError
from agent.drivers.kubernetes import capacity
from agent.drivers.kubernetes.capacity import Room
from agent.drivers.kubernetes.cluster import Cluster
from agent.drivers.kubernetes.errors import permanent
from agent.drivers.kubernetes.kinds import Kind
from agent.drivers.kubernetes.settings import Settings

KEEP = 60.0
"""Seconds that an answer is taken for granted: counting a large cluster's pods is no small question."""


@dataclass
class Rooms:
    cluster: Cluster
    controller_id: str
    settings: Settings
    overcommit: float
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: tuple[float, Room | PermanentError] | None = None

    def room(self) -> Room:
        """Raises `capacity_unknown`, which says the three ways out; `platform_unavailable`."""
        stated = capacity.from_settings(self.settings)
        if stated is not None:
            return stated
        with self._lock:
            if self._kept is None or self.clock() - self._kept[0] >= KEEP:
                self._kept = (self.clock(), self._look())
            found = self._kept[1]
        if isinstance(found, PermanentError):
            raise PermanentError(found.reason)
        return found

    def known(self) -> Room | None:
        """The same, where not knowing is no hindrance."""
        try:
            return self.room()
        except DriverError:
            return None

    def _look(self) -> Room | PermanentError:
        """That there is no way to know stays so for as long as an answer does."""
        try:
            return self._ask()
        except PermanentError as error:
            return error

    def _ask(self) -> Room:
        of = (self.controller_id, self.settings, self.overcommit)
        if quotas := self.cluster.list(Kind.RESOURCE_QUOTA):
            found = capacity.from_quotas(quotas, self.cluster.list(Kind.POD), *of)
            if found is not None:
                return found
        try:
            nodes = self.cluster.list(Kind.NODE)
            pods = self.cluster.list(Kind.POD, everywhere=True, keep=capacity.outline)
        except DriverError as error:
            if error.reason.code != "platform_unauthorized":
                raise
            raise permanent(
                "capacity_unknown",
                "The agent does not know how much sessions may use. State it (the chart's `capacity`), or "
                "give the namespace a ResourceQuota for CPU and memory, or let the agent read the nodes "
                "(the chart's `clusterAccess.nodes`).",
            ) from error
        return capacity.from_nodes(nodes, pods, *of)
