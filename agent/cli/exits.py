"""Exit statuses. From SUPERSEDED on, starting the agent again cannot help (systemd is told so)."""

from agent.client import errors

OK = 0
FAILED = 1
USAGE = 2
SUPERSEDED = 3
REVOKED = 4
TOO_OLD = 5
"""This agent for the control plane, or the control plane for this agent."""


def of(fatal: errors.Fatal) -> int:
    """The status for a refusal that ended the agent."""
    if isinstance(fatal, errors.EpochSuperseded):
        return SUPERSEDED
    return TOO_OLD if isinstance(fatal, errors.TooOld | errors.ControlPlaneTooOld) else REVOKED


def words(fatal: errors.Fatal) -> str:
    """What it means for whoever reads the log."""
    if isinstance(fatal, errors.EpochSuperseded):
        return (
            "Another process now runs with this agent's identity (a copy of its state folder, or a restored "
            "disk). This one stops. If it is the right one, stop the other and start this again."
        )
    if isinstance(fatal, errors.TooOld):
        return f"The control plane does not speak with this agent's version any more. {fatal.detail}"
    if isinstance(fatal, errors.ControlPlaneTooOld):
        return fatal.detail
    return (
        f"The control plane does not know this agent any more: {fatal.detail} Its sessions go on running. "
        "To serve again, enrol with a new token."
    )
