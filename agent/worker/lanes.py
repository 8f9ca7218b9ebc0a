"""One thing at a time per session; different sessions do not wait for each other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Lanes:
    """A lock per session, made when needed and dropped when nobody holds or wants it. First come, first
    served."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: dict[str, int] = {}

    def busy(self, session_id: str) -> bool:
        """Whether somebody is at work on the session or waits to be."""
        return session_id in self._users

    def all_busy(self) -> frozenset[str]:
        """The sessions for which `busy` holds."""
        return frozenset(self._users)

    @asynccontextmanager
    async def hold(self, session_id: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(session_id, asyncio.Lock())
        self._users[session_id] = self._users.get(session_id, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._users[session_id] -= 1
            if not self._users[session_id]:
                del self._users[session_id], self._locks[session_id]
