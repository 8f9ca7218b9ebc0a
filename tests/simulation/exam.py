"""Coming to rest, and whether everything works afterwards."""

import asyncio
from collections.abc import Sequence

from chalicelib.sessions.rules import State
from tests.simulation import quiescence
from tests.simulation.parts import Parts
from tests.simulation.people import Person


async def come_to_rest(parts: Parts, when: str, moving: Sequence[str] = ()) -> None:
    """Until nothing is to happen any more, then some inventories longer; and then everything has to agree.
    `moving` are controllers that must be empty by then."""
    timings, loop, chronicle = parts.timings, parts.loop, parts.chronicle
    patience = timings.command_deadline + timings.placement_deadline + 6 * timings.heartbeat_idle
    began, confirmed = loop.time(), 2.5 * timings.inventory + 60
    began = max(began, *(each.last_due for each in parts.backends))  # what is late is gone before quiescence
    while loop.time() < began + patience + confirmed:
        quiet = loop.time() - max(began, chronicle.moved_at)
        if not quiescence.restless(chronicle) and quiet >= confirmed:
            break
        await asyncio.sleep(20)
    found = [
        *quiescence.problems(chronicle, parts.backends, parts.places),
        *quiescence.homes(chronicle, parts.backends, parts.homes_seen),
        *quiescence.leftovers(parts.machines, chronicle),
        *quiescence.not_moved(chronicle, moving),
    ]
    for text, session_id in found:
        parts.broken(f"{when}: {text}", session_id)


async def examine(parts: Parts, people: Sequence[Person]) -> None:
    """Nothing is left broken: whatever people ask for now, they get."""
    owners = {session_id: person for person in people for session_id in person.own}
    for what, state in (
        ("wake", State.RUNNING),
        ("hibernate", State.HIBERNATED),
        ("wipe", State.TERMINATED),
    ):
        asked = []
        for session_id, person in owners.items():
            session = parts.chronicle.sessions[session_id]
            if session.state is State.TERMINATED or session.state is state:
                continue
            if what == "hibernate" and session.state is not State.RUNNING:
                continue
            answer = await person.ask(what, session_id)
            if answer is not None:
                asked.append(session_id)
            elif what == "wipe":
                parts.broken("in the end: it could not be asked to end", session_id)
        await come_to_rest(parts, f"after everybody's {what}")
        for session_id in asked:
            found = parts.chronicle.sessions[session_id].state
            if found is not state:
                parts.broken(f"in the end: asked to {what}, it is {found}", session_id)
