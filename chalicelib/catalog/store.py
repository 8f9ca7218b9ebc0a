"""What the catalog needs from storage."""

from collections.abc import Callable
from typing import Any, Protocol

from chalicelib.catalog.rules import Template
from chalicelib.core.unit_of_work import Write

Position = dict[str, Any]
"""Where a list goes on; opaque to everything but the store."""
Shown = Callable[[Template], bool]


class TemplateStore(Protocol):
    """A tenant's templates."""

    def get(self, tenant_id: str, template_id: str) -> Template | None: ...

    def page(
        self, tenant_id: str, *, limit: int, after: Position | None, shown: Shown
    ) -> tuple[list[Template], Position | None]:
        """Oldest first, of those that are `shown`."""

    def add(self, template: Template) -> Write: ...

    def replace(self, template: Template) -> Write:
        """Fails with ConditionFailed unless the stored version is the one before."""

    def remove(self, template: Template) -> Write: ...

    def count(self, tenant_id: str) -> int: ...

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of the tenant's; True when none is left."""
