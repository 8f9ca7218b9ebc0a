"""The audit log as others see it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chalicelib.audit.exporting import Exports
from chalicelib.audit.sealing import Names, Sealer, tenants_of
from chalicelib.audit.searching import Search
from chalicelib.audit.store import AuditStore
from chalicelib.audit.unsealed import of_trail
from chalicelib.core.clock import Clock
from chalicelib.core.errors import DomainError
from chalicelib.core.objects import ObjectStore
from chalicelib.core.trail import Trail
from chalicelib.core.unit_of_work import UnitOfWork, Write


@dataclass(frozen=True)
class AuditService:
    store: AuditStore
    names: Names
    objects: ObjectStore
    uow: UnitOfWork
    clock: Clock

    @cached_property
    def search(self) -> Search:
        """Finds entries."""
        return Search(self.store, self.names)

    @cached_property
    def exports(self) -> Exports:
        """Writes them to files."""
        return Exports(self.store, self.objects, self.sealer, self.clock)

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

    def export(self, tenant_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """All of a tenant's entries in the order of the chain."""
        while self.sealer.seal(tenant_id):
            pass
        for each in self.store.sealed(tenant_id, 1, self.store.state(tenant_id).head.sequence):
            yield "audit_entry", json.loads(each.line)

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of a deleted tenant's entries and exported files; True when nothing is left."""
        return self.exports.erase(tenant_id) and self.store.erase(tenant_id)
