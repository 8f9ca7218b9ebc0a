"""What people are told while a session waits for its controller. Pure."""

from chalicelib.controllers.service import Candidate, ControllerState, paused_words
from chalicelib.protocol.instances import Reason
from chalicelib.sessions import draining

_LOST, _PAUSED = "controller_lost", "controller_paused"
_WAITING = frozenset({_LOST, _PAUSED})
_UNREACHABLE = frozenset({ControllerState.LOST, ControllerState.NEVER_SEEN})


def delay(candidate: Candidate) -> Reason | None:
    """Why a command may take long: its controller is paused, or does not answer."""
    controller = candidate.controller
    if candidate.paused is not None:
        message = f"The controller {controller.name} is {paused_words(candidate.paused)}; this waits for it."
        return Reason(code=_PAUSED, message=message)
    if candidate.state not in _UNREACHABLE:
        return None
    contact = controller.contact
    seen = f" since {contact.seen_at:%Y-%m-%d %H:%M} UTC" if contact else ""
    message = f"The controller {controller.name} has not answered{seen}; this waits for it."
    return Reason(code=_LOST, message=message)


def told(known: Reason | None, candidate: Candidate) -> Reason | None:
    """The reason to show while a command is open: why it waits now, else what was shown before. What a drain
    puts to rest goes on saying so: that is why it will be found asleep."""
    if known is not None and known.code == draining.CODE:
        return known
    return delay(candidate) or answered(known)


def answered(known: Reason | None) -> Reason | None:
    """The reason to show once its controller answers again."""
    return None if known is not None and known.code in _WAITING else known
