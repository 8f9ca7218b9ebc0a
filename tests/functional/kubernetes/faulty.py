"""A controller on a cluster of the test's own, where things go wrong."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

from agent.drivers.base import DriverError
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import InstanceSpec
from tests.contract.drivers.driver_check import ignore
from tests.contract.drivers.kubernetes_adapter import KubernetesAdapter
from tests.support.cluster import ApiServer
from tests.support.cluster.objects import POD, STATEFUL_SET, name_of
from tests.support.cluster.site import serve, site

T = TypeVar("T")
QUICK: dict[str, Any] = {
    "schedule_timeout": 0.4,
    "home_timeout": 0.6,
    "pull_timeout": 5.0,
    "create_timeout": 5.0,
    "answer_timeout": 3.0,
    "removal_timeout": 5.0,
}


def until(asked: Callable[[], T], seconds: float = 10.0) -> T:
    """What is answered, once it is something."""
    end = time.monotonic() + seconds
    while not (found := asked()):
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)
    return found


class Desk:
    """A cluster, and a controller on it."""

    def __init__(self, server: ApiServer, settings: dict[str, Any]) -> None:
        self.server = server
        self.adapter = KubernetesAdapter(site(server, **(QUICK | settings)))
        self.driver = self.adapter.open()
        self.session = new_id("ses")

    def spec(self, incarnation: int = 1, **changes: Any) -> InstanceSpec:
        return self.adapter.spec(self.session, incarnation, **changes)

    def start(self, incarnation: int = 1, **changes: Any) -> None:
        self.driver.start(self.spec(incarnation, **changes), ignore)

    def answers(self) -> bool:
        endpoint = self.driver.endpoint(self.session)
        return endpoint is not None and self.adapter.greet(endpoint)

    def refused(self, **changes: Any) -> DriverError:
        """What a start that fails says, having seen that it left nothing behind."""
        with pytest.raises(DriverError) as caught:
            self.start(**changes)
        assert self.adapter.remains(self.session) == []
        assert self.driver.inventory().instances == ()
        assert self.driver.ended() == ()
        assert len(caught.value.reason.message) > 20, "a person reads this"
        return caught.value

    def refused_beside(self, other: str, **changes: Any) -> DriverError:
        """The same, while another session runs."""
        with pytest.raises(DriverError) as caught:
            self.start(**changes)
        assert self.adapter.remains(self.session) == []
        assert [each.session_id for each in self.driver.inventory().instances] == [other]
        return caught.value

    def ended(self) -> str:
        """The code by which a session that ran is told to have ended, seen by two processes, with nothing
        of it running any more."""
        told = until(self.driver.ended)
        assert [each.facts.session_id for each in told] == [self.session]
        assert self.adapter.open().ended() == self.driver.ended() == told
        assert self.driver.endpoint(self.session) is None
        return str(told[0].reason.code)

    def pods(self) -> list[str]:
        return [name_of(each) for each in self.server.find(POD)]

    def replicas(self) -> list[int]:
        return [each["spec"]["replicas"] for each in self.server.find(STATEFUL_SET)]


@contextmanager
def desk(settings: dict[str, Any] | None = None, **options: Any) -> Iterator[Desk]:
    """Ends with a check that no pod ran without a network policy."""
    server = serve(**options)
    made = Desk(server, settings or {})
    try:
        yield made
        assert server.do(lambda machine: machine.exposed) == []
    finally:
        made.adapter.close()
