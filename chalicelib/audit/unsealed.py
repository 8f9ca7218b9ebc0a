"""An entry before it is sealed: what a trail says, as text that fits a row of one write unit."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from chalicelib.audit.rules import Entry, Outcome, Target
from chalicelib.core.errors import DomainError
from chalicelib.core.trail import Trail

ROOM = 900
"""Bytes of the text: with its keys the row stays below 1 KB, which is one unit (two in a transaction)."""
_LONGEST_ID = 64
_CUT = "…"


def of_trail(trail: Trail, error: DomainError | None = None) -> Entry:
    """What a trail has come to say; `error` is why it was refused. Long names and facts are cut."""
    target = None
    if trail.target_type:
        target = Target(
            _clean(trail.target_type), _clean(trail.target_id)[:_LONGEST_ID], _clean(trail.target_name)
        )
    entry = Entry(
        tenant_id=trail.tenant_id,
        id=trail.id,
        action=trail.action,
        actor=_clean(trail.actor)[:_LONGEST_ID],
        via=_clean(trail.via)[:_LONGEST_ID],
        target=target,
        source_ip=_clean(trail.source_ip)[:_LONGEST_ID],
        user_agent=_clean(trail.user_agent),
        request_id=_clean(trail.request_id)[:_LONGEST_ID],
        outcome=Outcome.SUCCEEDED if error is None else Outcome.REFUSED,
        code="" if error is None else error.code,
        facts={_ascii(name): _clean(value) for name, value in trail.facts.items() if value},
    )
    return next(each for each in _shorter(entry) if len(dump(each).encode()) <= ROOM)


def dump(entry: Entry) -> str:
    """Without the tenant and the id, which are the row's key, and without what is empty."""
    held: dict[str, Any] = {
        "a": entry.action,
        "u": entry.actor,
        "v": entry.via,
        "i": entry.source_ip,
        "g": entry.user_agent,
        "r": entry.request_id,
        "c": entry.code,
        "f": entry.facts,
    }
    if entry.target is not None:
        held["t"] = [entry.target.type, entry.target.id, entry.target.name]
    if entry.outcome is Outcome.REFUSED:
        held["x"] = 1
    kept = {key: value for key, value in held.items() if value}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def load(tenant_id: str, identifier: str, text: str) -> Entry:
    """The inverse of `dump`."""
    held: dict[str, Any] = json.loads(text)
    return Entry(
        tenant_id=tenant_id,
        id=identifier,
        action=held["a"],
        actor=held.get("u", ""),
        via=held.get("v", ""),
        target=Target(*held["t"]) if "t" in held else None,
        source_ip=held.get("i", ""),
        user_agent=held.get("g", ""),
        request_id=held.get("r", ""),
        outcome=Outcome.REFUSED if "x" in held else Outcome.SUCCEEDED,
        code=held.get("c", ""),
        facts=held.get("f", {}),
    )


def _shorter(entry: Entry) -> Iterator[Entry]:
    """The entry, then with less and less of what is least needed. Ids and the action always stay."""
    yield entry
    for agent, fact, name in ((120, 120, 80), (80, 60, 60), (40, 30, 30), (0, 12, 12)):
        entry = replace(
            entry,
            user_agent=_cut(entry.user_agent, agent),
            facts={key: _cut(value, fact) for key, value in entry.facts.items()},
            target=entry.target and replace(entry.target, name=_cut(entry.target.name, name)),
        )
        yield entry
    yield replace(entry, facts={})


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else (text[: most - 1] + _CUT if most else "")


def _clean(text: str) -> str:
    """What has no UTF-8 (half a surrogate pair in a header) has no canonical form either."""
    return text.encode("utf-8", "replace").decode()


def _ascii(name: str) -> str:
    return name.encode("ascii", "replace").decode()
