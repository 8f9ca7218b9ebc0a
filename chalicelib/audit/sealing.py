"""The sealer: moves entries into their tenant's chain.

It is told by the table's stream that a tenant has a new entry, but works on everything that is unsealed, so
that a lost record or a crash delays entries and loses none. Numbers, hashes and the chain's end change in one
transaction, whose condition is the end that was read: of sealers that run at once, one goes on and the others
start over. Each chain that grows is looked at again some minutes later, until it has come to rest.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.audit.rules import Entry, Head, chain, named
from chalicelib.audit.store import BATCH, SHARDS, UNSEALED, AuditStore, State
from chalicelib.core.clock import Clock
from chalicelib.core.retry import on_conflict
from chalicelib.core.telemetry import logger
from chalicelib.core.trail import NOBODY
from chalicelib.core.unit_of_work import UnitOfWork

Names = Callable[[str, Sequence[str]], Mapping[str, str]]
"""What people of a tenant are called, by id; those that are unknown are left out."""
LOOK_AGAIN = timedelta(minutes=5)
"""After a chain last grew. Records of a stream come within a second or so."""
SOON = timedelta(minutes=1)
"""When a sealer failed."""
_AT_ONCE = 25
"""Tenants of one shard that are looked up together."""
_ROUNDS = 40
"""Of these, that one sweep makes at most for a shard; the next sweep goes on."""
_BATCHES = 25
"""Batches that one call seals at most; the sweeper goes on."""


@dataclass(frozen=True)
class Sealer:
    store: AuditStore
    names: Names
    uow: UnitOfWork
    clock: Clock

    def seal_changed(self, tenant_ids: Iterable[str]) -> int:
        """Seal what is unsealed of these tenants; how many entries. One tenant's trouble is left to the sweep
        and holds nobody else up."""
        return sum(self._guarded(tenant_id) for tenant_id in dict.fromkeys(tenant_ids))

    def sweep(self) -> int:
        """Seal what is due: of tenants where something failed, or whose chain grew lately."""
        count = 0
        for shard in range(SHARDS):
            for _ in range(_ROUNDS):
                # Whoever was looked at is not due any more, or later.
                due = self.store.due(shard, self.clock(), _AT_ONCE)
                for tenant_id in due:
                    count += self._guarded(tenant_id)
                    self._settle(tenant_id)
                if len(due) < _AT_ONCE:
                    break
        return count

    def seal(self, tenant_id: str) -> int:
        """Seal all that is unsealed, oldest first; how many entries."""
        count = 0
        for _ in range(_BATCHES):
            sealed = on_conflict(lambda: self._batch(tenant_id))
            count += sealed
            if sealed < BATCH:
                break
        return count

    def _batch(self, tenant_id: str) -> int:
        state = self.store.state(tenant_id)
        entries = self.store.unsealed(tenant_id, BATCH)
        if not entries:
            return 0
        sealed = chain(state.head, self._named(tenant_id, entries))
        last, now = sealed[-1].seal, self.clock()
        grown = State(Head(last.sequence, last.hash), now, state.due_at or now + LOOK_AGAIN)
        self.uow.commit(self.store.seal(state, grown, sealed), aside=True)
        return len(sealed)

    def _named(self, tenant_id: str, entries: Sequence[Entry]) -> list[Entry]:
        known = self.names(tenant_id, sorted({each.actor for each in entries if each.actor}))
        return [named(each, known) for each in entries]

    def _guarded(self, tenant_id: str) -> int:
        try:
            return self.seal(tenant_id)
        except Exception:
            # The entries are still there. If noting that fails, too, the stream's record comes again.
            logger.exception("entries were not sealed", extra={"tenant_id": tenant_id})
            soon = self.clock() + SOON
            self._remind(tenant_id, lambda state: min(state.due_at or soon, soon))
            return 0

    def _settle(self, tenant_id: str) -> None:
        """Nothing more is due of a chain that has come to rest."""

        def next_look(state: State) -> datetime | None:
            if self.store.unsealed(tenant_id, 1):
                return self.clock() + SOON
            quiet = state.sealed_at is None or state.sealed_at + LOOK_AGAIN <= self.clock()
            return None if quiet or state.sealed_at is None else state.sealed_at + LOOK_AGAIN

        self._remind(tenant_id, next_look)

    def _remind(self, tenant_id: str, decide: Callable[[State], datetime | None]) -> None:
        def attempt() -> None:
            state = self.store.state(tenant_id)
            due_at = decide(state)
            if due_at != state.due_at:
                self.uow.commit([self.store.remind(tenant_id, state, due_at)], aside=True)

        on_conflict(attempt)


def tenants_of(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Whose entries the records of the table's stream say were added. Nobody's have no chain."""
    keys = [each["dynamodb"]["Keys"]["partition"]["S"] for each in records if each["eventName"] == "INSERT"]
    found = [key.removesuffix(UNSEALED) for key in keys if key.endswith(UNSEALED)]
    return [tenant_id for tenant_id in found if tenant_id != NOBODY]
