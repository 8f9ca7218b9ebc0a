"""What a look at the daemon costs, on an SDK client made of answers. Heartbeats look every half minute."""

from pathlib import Path
from typing import Any

import pytest

from agent.drivers import labels
from agent.drivers.docker.driver import DockerDriver
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import InstanceState

CONTROLLER, TENANT = new_id("ctl"), new_id("ten")


class Client:
    """A daemon with containers in these conditions; counts what it is asked."""

    def __init__(self, *conditions: tuple[str, str]) -> None:
        self.asked: list[str] = []
        self.listed = [
            {
                "Id": str(number),
                "State": state,
                "Status": status,
                "Labels": {
                    labels.CONTROLLER: CONTROLLER,
                    labels.TENANT: TENANT,
                    labels.SESSION: new_id("ses"),
                    labels.INCARNATION: "1",
                },
            }
            for number, (state, status) in enumerate(conditions)
        ]

    def containers(self, **_: Any) -> list[dict[str, Any]]:
        self.asked.append("containers")
        return self.listed

    def volumes(self, **_: Any) -> dict[str, Any]:
        self.asked.append("volumes")
        return {"Volumes": []}


@pytest.mark.parametrize("count", [1, 1000])
def test_an_inventory_asks_as_often_for_many_as_for_one(count: int, tmp_path: Path) -> None:
    client = Client(*[("exited", "Exited (0) 3 days ago")] * count)
    found = DockerDriver(CONTROLLER, client=client, run_dir=tmp_path).inventory().instances
    assert len(found) == count
    assert sorted(client.asked) == ["containers", "volumes"]


def test_the_list_says_how_containers_ended(tmp_path: Path) -> None:
    client = Client(
        ("running", "Up 2 hours"),
        ("exited", "Exited (137) About a minute ago"),
        ("exited", "Exited (-1) 2 weeks ago"),
        ("created", "Created"),
        ("dead", "Dead"),
    )
    found = DockerDriver(CONTROLLER, client=client, run_dir=tmp_path).inventory().instances
    assert {(each.state, each.exit_code) for each in found} == {
        (InstanceState.RUNNING, None),
        (InstanceState.STOPPED, 137),
        (InstanceState.STOPPED, -1),
        (InstanceState.STOPPED, None),
    }
