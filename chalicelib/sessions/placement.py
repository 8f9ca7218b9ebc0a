"""Where a session runs, and why not elsewhere: a verdict with typed reasons for every candidate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chalicelib.controllers.service import (
    Candidate,
    ControllerState,
    Drain,
    Pause,
    drained_words,
    paused_words,
)
from chalicelib.core.quantities import format_bytes, format_cpu
from chalicelib.people.service import open_to
from chalicelib.protocol.agents import Health
from chalicelib.protocol.instances import Reason
from chalicelib.quotas.service import Amount
from chalicelib.sessions.entities import Requirements, Verdict

_CAPACITY = frozenset({"no_cpu", "no_memory", "no_gpu", "session_limit"})
_NAMED = 5
"""Controllers that the summary names; all of them are in the verdicts."""

GroupsOf = Callable[[str, str], tuple[str, ...]]
"""The groups that a tenant's user is in at this moment. Asked anew for each placement, not kept from when the
session was made: whoever leaves a group gets no more of its controllers, whoever joins one need not begin
anew, and no list of groups has to be mended in old sessions."""


@dataclass(frozen=True)
class Need:
    """What a session asks of a controller. `groups` are its user's, now; `home` is the controller that keeps
    its home; `avoid` proved unfit."""

    amount: Amount
    requirements: Requirements = field(default_factory=Requirements)
    groups: tuple[str, ...] = ()
    home: str | None = None
    avoid: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Choice:
    """The controller that fits best, if any, and a verdict on each candidate."""

    chosen: Candidate | None
    verdicts: tuple[Verdict, ...]


def choose(candidates: Sequence[Candidate], need: Need) -> Choice:
    """The suitable candidate that is left with the largest free share; healthy ones before degraded ones."""
    only = need.home or need.requirements.only
    considered = [each for each in candidates if only is None or each.controller.id == only]
    verdicts = tuple(
        Verdict(each.controller.id, each.controller.name, tuple(objections(each, need)))
        for each in considered
    )
    suitable = [each for each, verdict in zip(considered, verdicts, strict=True) if verdict.suitable]
    best = max(suitable, key=lambda each: _preference(each, need.amount), default=None)
    return Choice(best, verdicts)


def objections(candidate: Candidate, need: Need) -> list[Reason]:
    """Everything that speaks against a candidate, not only the first thing."""
    controller = candidate.controller
    found = [*_condition(candidate)]
    if not open_to(controller.group_ids, need.groups):
        found.append(Reason(code="group_not_allowed", message="It is for other groups of people."))
    if controller.id in need.avoid:
        found.append(Reason(code="not_answering", message="It did not take this session's command."))
    platforms = need.requirements.platforms
    if platforms and controller.platform not in platforms:
        wanted = " or ".join(platforms)
        found.append(
            Reason(code="wrong_platform", message=f"It is {controller.platform}; {wanted} is needed.")
        )
    labels = controller.all_labels
    for name, value in need.requirements.controller_labels.items():
        if labels.get(name) != value:
            found.append(Reason(code="label_mismatch", message=f"It lacks the label {name}={value}."))
    if controller.capacity is not None:
        found.extend(_shortages(candidate.free, need.amount))
    return found


def _condition(candidate: Candidate) -> list[Reason]:
    controller, state = candidate.controller, candidate.state
    if state is ControllerState.PAUSED and candidate.paused is not None:
        return [_paused(candidate.paused)]
    silence = _silence(candidate)
    if silence is not None:
        return [Reason(code="offline", message=silence)]
    platform = controller.health.platform
    if platform is not None and platform.state is Health.FAILING:
        said = platform.reason.message if platform.reason else "Its platform does not answer."
        return [Reason(code="platform_unavailable", message=said)]
    if controller.drain is not None:
        return [_drained(controller.drain)]
    if controller.cordoned or state is ControllerState.DRAINING:
        return [Reason(code="draining", message="It takes no new sessions.")]
    return []


def closed(candidate: Candidate) -> Reason | None:
    """Why a controller may not go on even with what it has: it is paused, or drained."""
    if candidate.paused is not None:
        return _paused(candidate.paused)
    drain = candidate.controller.drain
    return None if drain is None else _drained(drain)


def _paused(pause: Pause) -> Reason:
    return Reason(code="paused", message=f"It is {paused_words(pause)}.")


def _drained(drain: Drain) -> Reason:
    return Reason(code="draining", message=f"It is {drained_words(drain)}.")


def _silence(candidate: Candidate) -> str | None:
    """Why a command would not reach its agent."""
    controller, state = candidate.controller, candidate.state
    if state is ControllerState.NEVER_SEEN or controller.capacity is None:
        return "Its agent has not reported yet."
    if state is ControllerState.LOST:
        return "Its agent does not answer."
    if state is ControllerState.DEGRADED and not controller.health.failing():
        return "Its agent has missed several reports."
    polling = controller.health.polling
    if polling is not None and polling.state is Health.FAILING:
        return "Its agent cannot reach its command queue."
    return None


def _shortages(free: Amount, asked: Amount) -> list[Reason]:
    found = []
    if asked.sessions > free.sessions:
        found.append(Reason(code="session_limit", message="It has reached its limit of sessions."))
    if asked.cpu_millis > free.cpu_millis:
        message = f"Not enough CPU: {format_cpu(asked.cpu_millis)} asked, {format_cpu(free.cpu_millis)} free."
        found.append(Reason(code="no_cpu", message=message))
    if asked.memory_bytes > free.memory_bytes:
        asked_text, free_text = readable(asked.memory_bytes), readable(free.memory_bytes)
        found.append(
            Reason(code="no_memory", message=f"Not enough memory: {asked_text} asked, {free_text} free.")
        )
    if asked.gpu > free.gpu:
        found.append(Reason(code="no_gpu", message=f"Not enough GPUs: {asked.gpu} asked, {free.gpu} free."))
    return found


def readable(count: int) -> str:
    """Bytes for people: exact where that is short, else in tenths of a GiB."""
    exact = format_bytes(count)
    return exact if len(exact) <= 6 else f"{count / 2**30:.1f}Gi"


def _preference(candidate: Candidate, asked: Amount) -> tuple[bool, float, str]:
    capacity, free = candidate.controller.capacity, candidate.free
    assert capacity is not None, "without a capacity it is not suitable"  # noqa: S101
    shares = (
        (free.cpu_millis - asked.cpu_millis) / max(1, capacity.cpu_millis),
        (free.memory_bytes - asked.memory_bytes) / max(1, capacity.memory_bytes),
    )
    return candidate.state is ControllerState.ONLINE, min(shares), candidate.controller.id


def why_not(choice: Choice, need: Need) -> Reason:
    """One reason for the session out of all verdicts. `no_capacity` when nothing but capacity lacks."""
    if not choice.verdicts and need.home is not None:
        return Reason(code="home_gone", message="The controller that kept this session's home is gone.")
    if not choice.verdicts and need.requirements.only is not None:
        return Reason(code="no_controller", message="The controller that was asked for is gone.")
    if not choice.verdicts:
        return Reason(code="no_controller", message="No controller is registered.")
    codes = {reason.code for verdict in choice.verdicts for reason in verdict.reasons}
    if not codes:
        # Suitable when it was looked at, taken by others since.
        return Reason(code="no_capacity", message="Other sessions took the capacity at the same moment.")
    if codes <= _CAPACITY:
        code = "no_capacity"
    else:
        code = codes.pop() if len(codes) == 1 else "no_suitable_controller"
    if need.home is not None:
        return bound(choice.verdicts[0].controller_name, code, choice.verdicts[0].reasons)
    named = [
        f"{verdict.controller_name}: {' '.join(reason.message for reason in verdict.reasons)}"
        for verdict in choice.verdicts[:_NAMED]
    ]
    more = len(choice.verdicts) - _NAMED
    if more > 0:
        named.append(f"and {more} more.")
    return Reason(code=code, message=f"No controller can take this session. {' '.join(named)}"[:400])


def bound(controller_name: str, code: str, reasons: Sequence[Reason]) -> Reason:
    """Why a session, which only one controller can go on with, cannot go on now."""
    said = " ".join(reason.message for reason in reasons)
    message = f"This session is bound to the controller {controller_name}, which cannot take it now. {said}"
    return Reason(code=code, message=message[:400])
