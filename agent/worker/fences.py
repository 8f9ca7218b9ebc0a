"""Session → the highest fence this agent was given for it, on disk, so that a restarted agent may report."""

import logging
from pathlib import Path

from agent.worker.shelf import Shelf
from chalicelib.protocol.base import Identifier, Wire

_log = logging.getLogger(__name__)


class _Fence(Wire):
    session_id: Identifier
    fence: int


class Fences:
    """Only ever grows per session, until the session is forgotten."""

    def __init__(self, folder: Path) -> None:
        self._shelf = Shelf(folder, _Fence)
        self._known = {each.session_id: each.fence for each in self._shelf.load().values()}

    def get(self, session_id: str) -> int | None:
        return self._known.get(session_id)

    def all(self) -> dict[str, int]:
        """As they are now, by session."""
        return dict(self._known)

    def raise_to(self, session_id: str, fence: int) -> None:
        """Remember it, unless a higher one is known."""
        if fence <= self._known.get(session_id, -1):
            return
        self._known[session_id] = fence
        try:
            # Not synced: after a power cut, reconciliation hands the fence over again.
            self._shelf.put(session_id, _Fence(session_id=session_id, fence=fence), durable=False)
        except OSError as error:
            _log.warning("The fence of %s is not on disk: %s", session_id, error)

    def forget(self, session_id: str, *, up_to: int | None = None) -> None:
        """The session is gone, or somebody else has a higher fence than `up_to`."""
        known = self._known.get(session_id)
        if known is None or (up_to is not None and known > up_to):
            return
        del self._known[session_id]
        self._shelf.remove(session_id)
