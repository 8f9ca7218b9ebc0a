"""Why an instance ended, in words for the person who was using it. Pure."""

from collections.abc import Sequence

from agent.drivers.docker.engine import State
from agent.drivers.docker.errors import plain
from chalicelib.protocol.instances import Reason

LINES = 8
"""How many of the last printed lines are asked for; the sentence is cut to a readable length anyway."""


def exit_reason(state: State | None, lines: Sequence[str]) -> Reason:
    """`insufficient_memory` when the kernel killed it for that, else `instance_exited`."""
    if state is None:
        return Reason(code="instance_exited", message="The instance was removed from the Docker host.")
    if state.out_of_memory:
        return Reason(
            code="insufficient_memory",
            message="The instance needed more memory than it was given and was ended. Launch it with more.",
        )
    said = f" It printed last: {plain(' | '.join(lines))}" if lines else ""
    trouble = f" Docker says: {plain(state.error)}" if state.error else ""
    return Reason(
        code="instance_exited", message=f"The instance ended with exit code {state.exit_code}.{trouble}{said}"
    )
