"""Who is looking at what, and when somebody last did something."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agent.stream.gateway.endings import REPLACED, Ending
from chalicelib.protocol.agents import SessionActivity

REMEMBER = 3600.0
"""Seconds that a session is reported on after its last viewer has gone: whoever hears the reports, and may
miss some, learns of "no viewers" only by being told."""


@dataclass(eq=False)
class Viewer:
    """One browser on one session. Setting `end` ends its stream."""

    session: str
    grant: str
    end: "asyncio.Future[Ending]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def stop(self, ending: Ending) -> None:
        if not self.end.done():
            self.end.set_result(ending)


class Viewers:
    def __init__(self, most: int, most_per_session: int) -> None:
        self._most = most
        self._most_per_session = most_per_session
        self._viewers: set[Viewer] = set()
        self._by_session: Counter[str] = Counter()
        self._last_input: dict[str, float] = {}
        self._seen: dict[str, float] = {}

    def __iter__(self) -> Iterator[Viewer]:
        return iter(list(self._viewers))

    def __len__(self) -> int:
        return len(self._viewers)

    def add(self, viewer: Viewer) -> bool:
        """A grant has one connection: an earlier one (dead, or of a copied tab) gives way. False if there
        are too many."""
        for earlier in self:
            if earlier.grant == viewer.grant:
                earlier.stop(REPLACED)
                self.remove(earlier)
        if len(self) >= self._most or self._by_session[viewer.session] >= self._most_per_session:
            return False
        self._viewers.add(viewer)
        self.seen(viewer.session)
        self._by_session[viewer.session] += 1
        return True

    def remove(self, viewer: Viewer) -> None:
        if viewer in self._viewers:
            self._viewers.remove(viewer)
            self.seen(viewer.session)
            self._by_session[viewer.session] -= 1
            self._by_session += Counter()  # drops what is zero

    def seen(self, session: str) -> None:
        """The session had a viewer until now."""
        self._seen[session] = time.time()

    def touched(self, session: str) -> None:
        """Somebody pressed a key or moved the pointer."""
        self._last_input[session] = time.time()

    def activity(self) -> tuple[SessionActivity, ...]:
        oldest = time.time() - REMEMBER
        for session in [
            each for each, at in self._seen.items() if at < oldest and not self._by_session[each]
        ]:
            del self._seen[session]
            self._last_input.pop(session, None)
        return tuple(
            SessionActivity(
                session_id=session,
                viewers=self._by_session[session],
                last_input_at=_moment(self._last_input.get(session)),
            )
            for session in sorted(self._seen)
        )


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
