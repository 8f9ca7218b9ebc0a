"""What must hold once all is calm and some inventories have passed. No exceptions: whatever was late is gone
by then."""

from collections.abc import Iterator, Sequence

from chalicelib.sessions.entities import Session
from chalicelib.sessions.rules import State
from tests.simulation.chronicle import Chronicle
from tests.simulation.invariants import ENDS
from tests.simulation.machines import Machine
from tests.simulation.platforms import Backend

Problem = tuple[str, str]
"""What is wrong, and with which session (or nothing)."""
_RESTING = (State.HIBERNATED, State.FAILED, State.TERMINATED)


def restless(chronicle: Chronicle) -> list[Session]:
    """Sessions to which something is still to happen."""
    return [
        each
        for each in chronicle.sessions.values()
        if each.state not in ENDS[each.desired] or not each.lane.idle_at(chronicle.now())
    ]


def problems(
    chronicle: Chronicle, backends: Sequence[Backend], homes_of: dict[str, Backend]
) -> Iterator[Problem]:
    """Everything that is not as it should be."""
    for session in restless(chronicle):
        yield f"it is stuck: {session.state}, wanted {session.desired}, lane {session.lane}", session.id
    for session in chronicle.sessions.values():
        yield from ((text, session.id) for text in _session(session, chronicle))
        yield from ((text, session.id) for text in _instances(session, backends, homes_of))
    known = chronicle.sessions.keys()
    for backend in backends:
        for session_id, incarnation in backend.world.instances:
            if session_id not in known:
                yield f"instance {incarnation} on {backend.name} has no session", session_id


def _session(session: Session, chronicle: Chronicle) -> Iterator[str]:
    for number in range(1, session.lane.issued + 1):
        if (session.id, number) not in chronicle.outcomes:
            yield f"command {number} never ended"
    steps = chronicle.timelines[session.id]
    if not steps or steps[-1][1].after is not session.state:
        yield f"its timeline does not end in {session.state}"
    if session.state is State.FAILED and (session.reason is None or not session.reason.message):
        yield "it failed and nobody can see why"


def _instances(session: Session, backends: Sequence[Backend], homes_of: dict[str, Backend]) -> Iterator[str]:
    """Exactly those that are wanted, where they are wanted."""
    found = {
        (backend.name, key[1]): each.running
        for backend in backends
        for key, each in backend.world.instances.items()
        if key[0] == session.id
    }
    place = homes_of[session.controller_id].name if session.controller_id else ""
    wanted = (place, session.incarnation)
    for where, running in found.items():
        if where != wanted or session.state in (State.FAILED, State.TERMINATED, State.PENDING):
            yield f"it is {session.state} and instance {where} is still there"
        elif session.state is State.HIBERNATED and running:
            yield f"it is hibernated and instance {where} runs"
    if session.state is State.RUNNING and not found.get(wanted, False):
        yield f"it is running without an instance {wanted}; there are {found}"


def homes(chronicle: Chronicle, backends: Sequence[Backend], had: set[str]) -> Iterator[Problem]:
    """Homes are where they were unless their people asked otherwise, and gone if they did."""
    there = {session_id for backend in backends for session_id in backend.world.homes}
    for session in chronicle.sessions.values():
        gone = session.state is State.TERMINATED and session.delete_home
        if gone and session.id in there:
            yield "its home was to go and is still there", session.id
        if not gone and session.id in had and session.id not in there:
            yield "its home is gone, and nobody asked for that", session.id


def leftovers(machines: Sequence[Machine], chronicle: Chronicle) -> Iterator[Problem]:
    """Agents keep nothing of what is over."""
    for machine in machines:
        if machine.boot is None:
            continue
        for report in machine.boot.worker.outbox.sessions():
            yield f"{machine.name} still has something to tell", report
        for name in machine.disk.files:
            folder, file = name.split("/")[-2:]
            if folder in ("claims", "outbox") and file.endswith(".json"):
                yield f"{machine.name} still keeps {folder}/{file}", ""


def not_moved(chronicle: Chronicle, moving: Sequence[str]) -> Iterator[Problem]:
    """What was drained by moving runs nothing any more."""
    for session in chronicle.sessions.values():
        if session.controller_id in moving and session.state not in _RESTING:
            yield f"its controller was to be emptied, and it is {session.state}", session.id
