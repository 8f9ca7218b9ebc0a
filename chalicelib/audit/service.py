"""The audit log as others see it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chalicelib.audit.sealing import Names, Sealer, tenants_of
from chalicelib.audit.store import AuditStore
from chalicelib.audit.unsealed import of_trail
from chalicelib.core.clock import Clock
from chalicelib.core.errors import DomainError
from chalicelib.core.trail import Trail
from chalicelib.core.unit_of_work import UnitOfWork, Write


@dataclass(frozen=True)
class AuditService:
    store: AuditStore
    names: Names
    uow: UnitOfWork
    clock: Clock

    @cached_property
    def sealer(self) -> Sealer:
        """Chains entries."""
        return Sealer(self.store, self.names, self.uow, self.clock)

    def entry(self, trail: Trail) -> Write:
        """The entry of a change, to be committed with it."""
        return self.store.add(of_trail(trail))

    def record(self, trail: Trail, error: DomainError | None) -> None:
        """An entry on its own: of what was refused, or done without a change."""
        self.uow.commit([self.store.add(of_trail(trail, error))], aside=True)

    def seal_changed(self, records: Iterable[Mapping[str, Any]]) -> int:
        """Seal what records of the table's stream tell of; how many entries."""
        return self.sealer.seal_changed(tenants_of(records))

    def sweep(self) -> int:
        """One run of the sealer's sweep, for a schedule."""
        return self.sealer.sweep()
