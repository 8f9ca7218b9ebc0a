"""What the control plane's sweep costs when many sessions are due at once."""

from dataclasses import replace

from tests.performance.bounds import crowd
from tests.performance.bounds.cost import Cost, counted
from tests.performance.bounds.rig import Rig


def swept(rig: Rig, count: int) -> Cost:
    """One sweep in which so many starts, whose messages were lost, are sent again; however long it takes."""
    desk = rig.desk()
    ids = crowd.waiting(desk, count)
    timings = replace(rig.app.sessions.timings, sweep_slice=3600)
    service = replace(rig.app.sessions, timings=timings)
    with counted() as cost:
        found = service.sweep()
    assert (found.looked_at, found.failed, found.left) == (count, 0, 0), found
    crowd.forgotten(desk, ids)  # they would be due again soon, and be counted with the next crowd
    return cost
