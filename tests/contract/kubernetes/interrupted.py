"""A driver whose agent dies, or is frozen while another goes on, just before a write of its choice.

Between two writes nothing changes, so dying before each write is dying anywhere; and a freeze just before a
write is the one after which it would come latest.
"""

import threading
from collections.abc import Callable
from typing import Any

from agent.drivers.kubernetes.driver import KubernetesDriver
from tests.contract.drivers.kubernetes_adapter import KubernetesAdapter

WRITES = ("apply", "create", "delete")


class Killed(BaseException):
    """The process is gone: nothing that it would have done happens any more."""


class Interrupted:
    """A cluster before whose n-th write, and all later ones, something happens. Caches read on."""

    def __init__(self, cluster: Any, before: int, happen: Callable[[], None]) -> None:
        self._cluster = cluster
        self._before = before
        self._happen = happen
        self._thread = threading.current_thread()
        self.writes = 0

    @property
    def reached(self) -> bool:
        return self.writes >= self._before

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._cluster, name)
        if name not in WRITES:
            return found

        def write(*arguments: Any, **options: Any) -> Any:
            if threading.current_thread() is self._thread:
                self.writes += 1
                if self.reached:
                    self._happen()
            return found(*arguments, **options)

        return write


def interrupted(
    adapter: KubernetesAdapter, before: int, happen: Callable[[], None]
) -> tuple[KubernetesDriver, Interrupted]:
    """One more agent of the adapter's controller."""
    whole = adapter.open()
    cluster = Interrupted(whole._cluster, before, happen)
    driver: Any = KubernetesDriver
    made = driver(adapter.controller_id, cluster, whole._settings, run_dir=adapter.run_dir, environment={})
    return made, cluster
