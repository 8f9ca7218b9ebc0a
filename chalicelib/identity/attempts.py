"""Counting attempts, so that neither accounts nor addresses can be tried without end."""

from dataclasses import dataclass
from functools import partial

from chalicelib.core.clock import Clock
from chalicelib.core.errors import TooMany
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import ConditionFailed, UnitOfWork
from chalicelib.identity.attempt_rules import Action, Counter, Limit, limits
from chalicelib.identity.store import AttemptStore


@dataclass(frozen=True)
class Attempts:
    """The same work whether an account exists or not: it never looks."""

    store: AttemptStore
    uow: UnitOfWork
    clock: Clock

    def count(self, action: Action, account: str, address: str) -> None:
        """One more attempt, counted before it is made. Raises TooMany `locked` while none is allowed."""
        counted = dict(limits(action, account, address))
        seen = self.store.get(list(counted))
        for counter in seen.values():
            self._refuse_locked(counter)
        for key, limit in counted.items():
            try:
                self._add(key, limit, seen.get(key))
            except ConditionFailed:
                on_conflict(partial(self._add_anew, key, limit))

    def succeeded(self, action: Action, account: str, address: str, *, only: bool = True) -> None:
        """It was the right one: the account starts afresh, and the address was not guessing. Unless it is the
        `only` one of that name, this takes back the one attempt alone: whoever has an account of somebody
        else's address in an organisation of theirs must not buy guesses at the others with it."""
        *own, shared = (key for key, _ in limits(action, account, address))
        if only:
            self.start_afresh(action, account, address)
        for key in (shared,) if only else (*own, shared):
            try:
                self.uow.commit([self.store.forgive(key)], aside=True)
            except ConditionFailed:
                continue  # forgotten meanwhile

    def start_afresh(self, action: Action, account: str, address: str) -> None:
        """Forgets what was counted against the account; the address's own count stays."""
        *own, _ = (key for key, _ in limits(action, account, address))
        for key in own:
            self.uow.commit([self.store.forget(key)], aside=True)

    def _add_anew(self, key: str, limit: Limit) -> None:
        """Who lost the race for the last free attempt finds the lock that the winner set."""
        before = self.store.get([key]).get(key)
        if before is not None:
            self._refuse_locked(before)
        self._add(key, limit, before)

    def _add(self, key: str, limit: Limit, before: Counter | None) -> None:
        self.uow.commit([self.store.replace(key, before, limit.counted(before, self.clock()))], aside=True)

    def _refuse_locked(self, counter: Counter) -> None:
        now = self.clock()
        if counter.locked_until is not None and counter.locked_until > now:
            wait = int((counter.locked_until - now).total_seconds()) + 1
            raise TooMany(f"Too many attempts. Try again in {wait} s.", code="locked", retry_after=wait)
