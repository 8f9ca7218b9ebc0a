"""An inventory in slices, in the order of session ids, so that neither a call nor a row outgrows what carries
it, however much a controller holds. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.protocol.instances import InstanceFacts
from chalicelib.sessions.comparing import Observation

SUSPECTS = 4000
"""As many are kept: some 200 KB of a row's 400. The others are suspected once these are gone."""


@dataclass(frozen=True)
class Span:
    """The session ids after one, up to and with another; None: no such end."""

    after: str | None = None
    until: str | None = None

    def __contains__(self, session_id: str) -> bool:
        late_enough = self.after is None or session_id > self.after
        return late_enough and (self.until is None or session_id <= self.until)


@dataclass(frozen=True)
class Part:
    """What an inventory says about some sessions, those among them that only the control plane knows."""

    ids: tuple[str, ...]
    seen: Observation

    @property
    def named(self) -> set[str]:
        """Sessions that the backend shows something of."""
        return {each.session_id for each in self.seen.instances} | set(self.seen.homes)


def parts(seen: Observation, placed: Sequence[str], span: Span, size: int) -> Iterator[Part]:
    """Consecutive parts of at most `size` sessions: all that the backend shows or that were placed on it."""
    instances = _by_session(seen, span)
    homes = {each for each in seen.homes if each in span}
    ids = sorted({*instances, *homes, *(each for each in placed if each in span)})
    for first in range(0, len(ids), size):
        some = tuple(ids[first : first + size])
        yield Part(
            some,
            replace(
                seen,
                instances=tuple(facts for each in some for facts in instances.get(each, ())),
                homes=tuple(each for each in some if each in homes),
            ),
        )


def still_suspected(
    known: Mapping[str, datetime], found: Mapping[str, datetime], compared: Span
) -> dict[str, datetime]:
    """What to remember: what was found of the sessions that were compared, what was known of the others. The
    first suspected come first, so that no crowd keeps one from ever being confirmed."""
    others = {name: since for name, since in known.items() if name.split("/")[0] not in compared}
    wanted = {**others, **found}
    if len(wanted) <= SUSPECTS:
        return wanted
    return dict(sorted(wanted.items(), key=lambda each: (each[1], each[0]))[:SUSPECTS])


def _by_session(seen: Observation, span: Span) -> dict[str, list[InstanceFacts]]:
    found: dict[str, list[InstanceFacts]] = {}
    for facts in seen.instances:
        if facts.session_id in span:
            found.setdefault(facts.session_id, []).append(facts)
    return found
