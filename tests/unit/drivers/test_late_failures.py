"""A start whose platform failed only after its lease was over cleans up nothing: what is there may be another
agent's by then. Found by the simulation's rule that no cleaning begins past a lease."""

import pytest

from agent.drivers.base import Cancelled, PermanentError, Step
from agent.drivers.fake import FakeDriver, FakeInstance, FakeWorld
from chalicelib.protocol.instances import InstanceSpec, Reason, Resources, Stage

_SPEC = InstanceSpec(
    tenant_id="ten-00000000000000000000000001",
    session_id="ses-00000000000000000000000001",
    incarnation=1,
    image="fake",
    resources=Resources(cpu_millis=1, memory_bytes=1),
)


@pytest.mark.parametrize(("over", "left"), [(True, 1), (False, 0)])
def test_what_may_be_somebody_elses_is_left_alone(over: bool, left: int) -> None:
    world = FakeWorld()
    lapsed = []

    def pause(stage: Stage) -> None:
        """The platform hangs, another agent's start succeeds, and then this one's fails."""
        if stage is Stage.CREATING:
            world.instances[_SPEC.session_id, 1] = FakeInstance("ctl", _SPEC)
            lapsed.append(over)
            raise PermanentError(Reason(code="no_space", message="There is no room."))

    def progressing(_step: Step) -> None:
        if any(lapsed):
            raise Cancelled("the lease is over", late=True)

    world.pause = pause
    with pytest.raises(PermanentError):
        FakeDriver("ctl", world).start(_SPEC, progressing)
    assert len(world.instances) == left
