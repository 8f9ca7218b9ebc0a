"""What offboarding needs from storage, and from the capabilities."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from chalicelib.core.unit_of_work import Write
from chalicelib.offboarding.rules import Job

Position = dict[str, Any]


class JobStore(Protocol):
    """Jobs of a tenant, and those of all tenants that are due. Reads by id are consistent."""

    def get(self, tenant_id: str, job_id: str) -> Job | None: ...

    def exports(
        self, tenant_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[Job], Position | None]:
        """Newest first."""

    def due(self, before: datetime, limit: int) -> list[tuple[str, str]]:
        """Tenant and id of running jobs, longest due first."""

    def key_of(self, image: Mapping[str, Any]) -> tuple[str, str]:
        """Tenant and id, out of a row as the table's stream delivers it (DynamoDB JSON)."""

    def add(self, job: Job) -> Write:
        """Fails with ConditionFailed where there is one of this id."""

    def change(self, before: Job, after: Job) -> Write:
        """Fails with ConditionFailed unless the row still is of `before`'s revision."""

    def remove(self, job: Job) -> Write:
        """Fails likewise."""

    def erase_exports(self, tenant_id: str) -> bool:
        """Remove a slice of the tenant's exports; True when none is left."""


class Telling(Protocol):
    """Whatever knows something of tenants."""

    def export(self, tenant_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """All that it keeps, as documents of a kind, without secrets."""


class Capability(Telling, Protocol):
    """Whatever keeps something of tenants."""

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of all that it keeps; True when nothing is left. Safe to repeat."""
