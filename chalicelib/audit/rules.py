"""Entries, their canonical form and the chain of hashes. Pure, and of the standard library alone: this is
also what checks an export offline.

The canonical form of a sealed entry is RFC 8785 (JSON Canonicalization Scheme) of an object whose members
are strings, integers, null and objects of strings: members sorted by name, no white space, UTF-8, the
shortest escapes. A line of an export is that form of the whole entry, and a line feed. An entry's hash is
the SHA-256 of the canonical form of the entry less its `hash`, in lower-case hex; `previous_hash` is the
hash of the entry with the number before, or 64 zeros in entry 1. `docs/audit.md` has a test vector.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

FORMAT = 1
"""Of entries; a later one may add members."""
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_ULID_TIME = 10
"""Characters of a ULID that are its time, in milliseconds since 1970."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_TIME = 2**48 - 1
_PREFIX = "aud-"


class Outcome(StrEnum):
    SUCCEEDED = "succeeded"
    REFUSED = "refused"


@dataclass(frozen=True)
class Target:
    """What was acted on."""

    type: str
    id: str
    name: str = ""


@dataclass(frozen=True)
class Entry:
    """One thing that was done or refused. `via` is what the actor showed (`sign-in:<id>`, `api-key:<id>`),
    `code` why it was refused. Ids sort by the time at which the request came."""

    tenant_id: str
    id: str
    action: str
    actor: str = ""
    actor_name: str = ""
    via: str = ""
    target: Target | None = None
    source_ip: str = ""
    user_agent: str = ""
    request_id: str = ""
    outcome: Outcome = Outcome.SUCCEEDED
    code: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        """When the request came."""
        return _EPOCH + timedelta(milliseconds=_millis(self.id))


@dataclass(frozen=True)
class Seal:
    """An entry's place in its tenant's chain."""

    sequence: int
    previous_hash: str
    hash: str


@dataclass(frozen=True)
class Head:
    """The end of a chain: the number and hash of its last entry."""

    sequence: int = 0
    hash: str = "0" * 64


@dataclass(frozen=True)
class Sealed:
    """An entry in the chain. `text` is its canonical form without the hash: what was hashed."""

    entry: Entry
    seal: Seal
    text: str

    @property
    def line(self) -> str:
        """The entry in an export, without the line feed."""
        return canonical({**json.loads(self.text), "hash": self.seal.hash})


def canonical(document: Mapping[str, Any]) -> str:
    """RFC 8785 for what entries are made of (see above). Raises TypeError for anything else."""
    _check(document)
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def hash_of(document: Mapping[str, Any]) -> str:
    """Of a sealed entry, whether or not its hash is among its members."""
    bare = {name: value for name, value in document.items() if name != "hash"}
    return digest(canonical(bare))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def chain(head: Head, entries: Iterable[Entry]) -> list[Sealed]:
    """Put entries at the end of a chain, in this order."""
    sealed = []
    for entry in entries:
        text = canonical(_document(entry, head))
        seal = Seal(head.sequence + 1, head.hash, digest(text))
        sealed.append(Sealed(entry, seal, text))
        head = Head(seal.sequence, seal.hash)
    return sealed


def _document(entry: Entry, head: Head) -> dict[str, Any]:
    target = entry.target
    return {
        "format": FORMAT,
        "tenant_id": entry.tenant_id,
        "sequence": head.sequence + 1,
        "previous_hash": head.hash,
        "id": entry.id,
        "at": entry.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "action": entry.action,
        "actor": {"id": entry.actor, "name": entry.actor_name},
        "via": entry.via,
        "target": None if target is None else {"type": target.type, "id": target.id, "name": target.name},
        "source_ip": entry.source_ip,
        "user_agent": entry.user_agent,
        "request_id": entry.request_id,
        "outcome": entry.outcome.value,
        "code": entry.code,
        "facts": dict(entry.facts),
    }


def unchained(text: str, hash_: str) -> Sealed:
    """A sealed entry out of its canonical form."""
    held: dict[str, Any] = json.loads(text)
    target = held["target"]
    entry = Entry(
        tenant_id=held["tenant_id"],
        id=held["id"],
        action=held["action"],
        actor=held["actor"]["id"],
        actor_name=held["actor"]["name"],
        via=held["via"],
        target=None if target is None else Target(**target),
        source_ip=held["source_ip"],
        user_agent=held["user_agent"],
        request_id=held["request_id"],
        outcome=Outcome(held["outcome"]),
        code=held["code"],
        facts=held["facts"],
    )
    return Sealed(entry, Seal(held["sequence"], held["previous_hash"], hash_), text)


def named(entry: Entry, names: Mapping[str, str]) -> Entry:
    """With the actor's name, where it is known."""
    return replace(entry, actor_name=entry.actor_name or names.get(entry.actor, ""))


def first_id(at: datetime, *, past: bool = False) -> str:
    """What ids of entries of that moment begin at, or where they are `past`."""
    millis = min(max(0, (at - _EPOCH) // timedelta(milliseconds=1) + past), _LAST_TIME)
    digits = "".join(_CROCKFORD[(millis >> shift) & 31] for shift in range(45, -1, -5))
    return f"{_PREFIX}{digits}{'0' * 16}"


def _millis(identifier: str) -> int:
    value = 0
    for char in identifier.removeprefix(_PREFIX)[:_ULID_TIME]:
        value = value * 32 + _CROCKFORD.index(char)
    return value


def _check(value: Any) -> None:
    if isinstance(value, Mapping):
        for name, each in value.items():
            # Code points sort like UTF-16 units as long as names stay in ASCII.
            if not isinstance(name, str) or not name.isascii():
                raise TypeError(f"{name!r} cannot be a member's name")
            _check(each)
    elif value is not None and not (isinstance(value, str) or type(value) is int):
        raise TypeError(f"{type(value).__name__} has no canonical form here")
