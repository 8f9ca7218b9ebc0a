"""What mail needs from storage."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from chalicelib.core.unit_of_work import Write
from chalicelib.mail.rules import MailRequest


class MailStore(Protocol):
    """The outbox."""

    def add(self, request: MailRequest) -> Write: ...

    def from_image(self, image: Mapping[str, Any]) -> MailRequest:
        """A row as its table's stream shows it. Raises KeyError or ValueError for anything else."""

    def due(self, now: datetime, limit: int) -> list[MailRequest]:
        """Requests that wait for an attempt, the longest waiting first. May lag behind."""

    def claim(self, request: MailRequest, until: datetime) -> Write:
        """Begin an attempt. Fails with ConditionFailed when it is gone or another began one."""

    def postpone(self, request: MailRequest, until: datetime) -> Write:
        """The next attempt is later. Fails with ConditionFailed when it is gone."""

    def remove(self, request: MailRequest) -> Write: ...

    def of_tenant(self, tenant_id: str) -> Iterator[MailRequest]:
        """All that are waiting."""

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of the tenant's; True when none is left."""
