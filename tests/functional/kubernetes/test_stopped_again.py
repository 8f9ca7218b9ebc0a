"""Stopping an instance that is stopped already."""

from tests.functional.kubernetes.faulty import desk
from tests.support.cluster.objects import STATEFUL_SET


def test_stopping_again_refuses_whoever_read_before_it() -> None:
    """A start that was frozen after it had read the stopped instance would else wake it, late, for nobody."""
    with desk({"capacity": {"cpu": "64", "memory": "64Gi"}}) as made:
        made.start()
        made.driver.stop(made.session)
        made.server.wait(lambda machine: machine.store.find(STATEFUL_SET)[0]["status"].get("replicas") == 0)
        (before,) = made.server.find(STATEFUL_SET)
        made.driver.stop(made.session)
        (after,) = made.server.find(STATEFUL_SET)
        assert after["metadata"]["resourceVersion"] != before["metadata"]["resourceVersion"]
        assert made.replicas() == [0]
        assert made.driver.ended() == ()
        made.start()
        assert made.answers()
