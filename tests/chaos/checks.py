"""What must be true once all is at rest. Each check says what is not, by one of these words: lost, doubled,
orphaned, stuck, books, timeline."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from chalicelib.sessions.rules import TRANSITIONS, Cause, State
from tests.chaos.clients import Diary
from tests.chaos.reality import Reality, Row

_WITH_INSTANCE = frozenset({"running", "hibernated"})
"""States in which an instance is wanted; of a hibernated session it may be there, stopped."""


def violations(seen: Reality, diary: Diary, controllers: dict[str, str]) -> list[str]:
    """All that is wrong, in words; empty when all is well."""
    found: list[str] = []
    found += stuck(seen)
    found += lost(seen, diary)
    for platform, controller_id in controllers.items():
        found += instances(seen, platform, controller_id)
        found += homes(seen, platform)
    found += [
        f"lost: {row.id} is on {row.controller_id}, which is none of ours"
        for row in seen.rows.values()
        if row.controller_id not in {None, *controllers.values()}
    ]
    found += leftovers(seen)
    found += books(seen, controllers)
    return found


def stuck(seen: Reality) -> list[str]:
    """Every session is where it should be, or has failed, and nobody is at work for it."""
    found = [
        f"stuck: {row.id} is {row.state} and should be {row.desired}{'' if row.idle else ', at work'}"
        for row in seen.rows.values()
        if not row.idle or row.state not in {row.desired, "failed"}
    ]
    found += [f"stuck: {count} messages in {name}" for name, count in seen.messages.items() if count]
    found += [f"stuck: {name} holds {each}" for name, files in seen.held.items() for each in files]
    return found


def lost(seen: Reality, diary: Diary) -> list[str]:
    """Every accepted request has its outcome; a repeated creation made one session."""
    found = [f"lost: no answer to {each}" for each in diary.unanswered]
    for wish in diary.wishes:
        if not wish.id:
            continue
        row = seen.rows.get(wish.id)
        if row is None:
            found.append(f"lost: {wish.id} was accepted and is not there")
        elif wish.asked == "terminated" and row.state != "terminated":
            found.append(f"lost: {wish.id} was to end and is {row.state}")
        elif wish.delete_home and not row.delete_home:
            found.append(f"lost: {wish.id} was to end with its home")
    made = Counter(wish.id for wish in diary.wishes if wish.id)
    found += [f"doubled: {each} answers {count} creations" for each, count in made.items() if count > 1]
    strangers = set(seen.rows) - set(made)
    found += [f"doubled: nobody asked for {each}" for each in strangers]
    return found


def instances(seen: Reality, platform: str, controller_id: str) -> list[str]:
    """At most one for each session, of the incarnation that is meant, and none that nobody wants."""
    found = []
    there = seen.by_session(platform)
    for session_id, many in there.items():
        row = seen.rows.get(session_id)
        if len(many) > 1:
            found.append(f"doubled: {session_id} has {len(many)} instances on {platform}")
        if row is None or row.controller_id != controller_id or row.state not in _WITH_INSTANCE:
            state = row.state if row else "unknown"
            found.append(f"orphaned: instance on {platform} of {session_id}, which is {state}")
        elif any(incarnation != row.incarnation for incarnation, _ in many):
            found.append(f"orphaned: {session_id} is at incarnation {row.incarnation}, not {many}")
        elif row.state == "hibernated" and any(running for _, running in many):
            found.append(f"books: {session_id} is hibernated and its instance runs")
    for row in seen.rows.values():
        runs = any(running for _, running in there.get(row.id, ()))
        if row.state == "running" and row.controller_id == controller_id and not runs:
            found.append(f"books: {row.id} is running and has no instance on {platform}")
    return found


def homes(seen: Reality, platform: str) -> list[str]:
    """None whose session is unknown, or went with it."""
    return [
        f"orphaned: home on {platform} of {each}"
        for each in seen.homes[platform]
        if _goes(seen.rows.get(each))
    ]


def _goes(row: Row | None) -> bool:
    return row is None or (row.state == "terminated" and row.delete_home)


def leftovers(seen: Reality) -> list[str]:
    """Sockets, secrets and networks belong to instances."""
    there = set(seen.by_session("docker"))
    found = [f"orphaned: {kind} {name}" for kind, name in seen.things if name not in there]
    found += [f"orphaned: network {name}" for name, needed in seen.networks.items() if not needed]
    return found


def books(seen: Reality, controllers: dict[str, str]) -> list[str]:
    """What is booked is what sessions hold, and what they hold is what runs."""
    found = [f"books: {each}" for each in seen.drift]
    for platform, controller_id in controllers.items():
        booked = sum(
            row.cpu for row in seen.rows.values() if row.controller_id == controller_id and row.held == "full"
        )
        if booked != seen.cpu[platform]:
            found.append(f"books: {booked}m booked on {platform}, {seen.cpu[platform]}m run")
    return found


def timelines(entries: Callable[[str], list[dict[str, Any]]], rows: dict[str, Row]) -> list[str]:
    """Each is a walk through the transition table that ends where the session is."""
    found = []
    for row in rows.values():
        at: State | None = None
        for entry in entries(row.id):
            before = None if entry["from"] is None else State(entry["from"])
            after = TRANSITIONS.get(before, {}).get(Cause(entry["cause"]))
            if before != at or after != entry["to"]:
                found.append(f"timeline: {row.id} from {at}: {entry}")
            at = State(entry["to"])
        if at != row.state:
            found.append(f"timeline: {row.id} ends at {at}, and is {row.state}")
    return found
