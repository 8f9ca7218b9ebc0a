"""What an inventory means: which instances are wanted, which are too many, which are missing. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.protocol.agents import InventoryAction, Remedy
from chalicelib.protocol.instances import InstanceFacts, InstanceState
from chalicelib.sessions.entities import Session
from chalicelib.sessions.rules import State

_KEEPING = frozenset({State.RUNNING, State.HIBERNATED})
_SETTLED = frozenset({State.RUNNING, State.HIBERNATED, State.FAILED, State.TERMINATED})


@dataclass(frozen=True)
class Comparison:
    """`actions` are the agent's to take now. `suspects` are removed if the next inventory still has them;
    `restopped` run though hibernated; `stopped` and `missing` do not run though they should."""

    actions: tuple[InventoryAction, ...]
    suspects: dict[str, datetime]
    restopped: tuple[Session, ...]
    stopped: tuple[Session, ...]
    missing: tuple[Session, ...]


@dataclass(frozen=True)
class Observation:
    """An inventory of one controller. `began` is by the control plane's clock, never later than now."""

    controller_id: str
    began: datetime
    instances: tuple[InstanceFacts, ...]
    homes: tuple[str, ...] = ()


def compare(
    seen: Observation,
    sessions: Mapping[str, Session],
    suspects: Mapping[str, datetime],
    *,
    margin: timedelta,
) -> Comparison:
    """`sessions` are those that the inventory names and those that were placed on the controller.

    Nothing is decided about a session with commands under way, or one that changed after the inventory began
    (`margin` before that, since clocks differ).
    """
    actions: list[InventoryAction] = []
    still: dict[str, datetime] = {}
    restopped: list[Session] = []
    stopped: list[Session] = []
    present = {(each.session_id, each.incarnation) for each in seen.instances}
    for facts in seen.instances:
        session = sessions.get(facts.session_id)
        if session is not None and not _at_rest(session, seen.began - margin):
            continue
        if session is not None and wanted(session, facts, seen.controller_id):
            if session.state is State.RUNNING and facts.state is InstanceState.STOPPED:
                stopped.append(session)
                continue
            actions.append(_adopt(session))
            if session.state is State.HIBERNATED and facts.state is InstanceState.RUNNING:
                restopped.append(session)
            continue
        first = suspects.get(_name(facts))
        if first is None or first >= seen.began:
            still[_name(facts)] = first or seen.began
        else:
            actions.append(_remove(facts, session))
            still[_name(facts)] = first
    actions.extend(_leftover_homes(seen, sessions, margin))
    return Comparison(
        actions=tuple(actions),
        suspects=still,
        restopped=tuple(restopped),
        stopped=tuple(stopped),
        missing=tuple(_missing(seen, sessions.values(), present, margin)),
    )


def wanted(session: Session, facts: InstanceFacts, controller_id: str) -> bool:
    """Whether this very instance should exist on that controller. One that is not wanted now never will be:
    a failed session is woken as a new incarnation."""
    return (
        session.controller_id == controller_id
        and session.incarnation == facts.incarnation
        and session.state in _KEEPING
    )


def _at_rest(session: Session, moment: datetime) -> bool:
    settled = session.state in _SETTLED and session.lane.idle_at(moment)
    return settled and not session.changed_since(moment)


def _missing(
    seen: Observation, sessions: Iterable[Session], present: set[tuple[str, int]], margin: timedelta
) -> list[Session]:
    return [
        each
        for each in sessions
        if each.state is State.RUNNING
        and each.controller_id == seen.controller_id
        and (each.id, each.incarnation) not in present
        and _at_rest(each, seen.began - margin)
    ]


def _leftover_homes(
    seen: Observation, sessions: Mapping[str, Session], margin: timedelta
) -> list[InventoryAction]:
    """Homes that were to go with their sessions and did not."""
    instances = {each.session_id for each in seen.instances}
    found = []
    for session_id in seen.homes:
        session = sessions.get(session_id)
        if session is None or session_id in instances or not session.delete_home:
            continue
        if session.state is State.TERMINATED and _at_rest(session, seen.began - margin):
            found.append(_action(Remedy.REMOVE, session, session.incarnation, delete_home=True))
    return found


def _adopt(session: Session) -> InventoryAction:
    return _action(Remedy.ADOPT, session, session.incarnation)


def _remove(facts: InstanceFacts, session: Session | None) -> InventoryAction:
    if session is None:
        return InventoryAction(
            remedy=Remedy.REMOVE,
            session_id=facts.session_id,
            incarnation=facts.incarnation,
            generation=0,
            fence=0,
        )
    wipe = session.delete_home and session.state is State.TERMINATED
    return _action(Remedy.REMOVE, session, facts.incarnation, delete_home=wipe)


def _action(
    remedy: Remedy, session: Session, incarnation: int, *, delete_home: bool = False
) -> InventoryAction:
    return InventoryAction(
        remedy=remedy,
        session_id=session.id,
        incarnation=incarnation,
        generation=session.generation,
        fence=session.lane.fence,
        delete_home=delete_home,
    )


def _name(facts: InstanceFacts) -> str:
    return f"{facts.session_id}/{facts.incarnation}"
