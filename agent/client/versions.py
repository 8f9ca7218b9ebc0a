"""Which protocol versions this agent can work with.

Both sides speak the lower of their newest ones, as the control plane's answers say. It refuses an agent that
is too old for it; an agent stops at one that is too old for the agent.
"""

from agent.client import errors
from chalicelib.protocol import PROTOCOL_VERSION

NEEDS = 1
"""The lowest; raised when the agent comes to rely on what older control planes do not do."""


def check(spoken: int) -> None:
    """Raises ControlPlaneTooOld if that is too low."""
    if spoken < NEEDS:
        raise errors.ControlPlaneTooOld(
            f"The control plane speaks protocol version {spoken}; this agent needs {NEEDS} to "
            f"{PROTOCOL_VERSION}. Update the control plane, or install an older agent.",
            code="control_plane_too_old",
        )
