"""What API keys need from storage."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol

from chalicelib.api_keys.rules import ApiKey
from chalicelib.core.unit_of_work import Write

Position = dict[str, Any]
"""Where a list goes on; opaque to everything but the store."""


class ApiKeyStore(Protocol):
    """Keys of a tenant."""

    def get(self, tenant_id: str, key_id: str) -> ApiKey | None:
        """As of now: a revocation that was committed before is seen."""

    def page(
        self, tenant_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[ApiKey], Position | None]:
        """Everybody's, newest first."""

    def page_of(
        self, tenant_id: str, user_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[ApiKey], Position | None]:
        """One owner's, newest first. May lag behind."""

    def of_tenant(self, tenant_id: str) -> Iterator[ApiKey]:
        """All of them, as of now."""

    def add(self, key: ApiKey) -> Write: ...

    def rotate(self, before: ApiKey, after: ApiKey) -> Write:
        """Fails with ConditionFailed when it was rotated or revoked since it was read, or is gone."""

    def revoke(self, key: ApiKey, now: datetime) -> Write:
        """Fails with ConditionFailed when it was revoked before, or is gone."""

    def used(self, key: ApiKey, now: datetime, source_ip: str) -> Write:
        """Fails with ConditionFailed when a use was noted since it was read."""

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of the tenant's; True when none is left."""
