"""Use cases on templates."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.catalog.rules import Template, TemplateResources, check
from chalicelib.catalog.store import Position, TemplateStore
from chalicelib.core.clock import Clock
from chalicelib.core.errors import NotFound
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import UnitOfWork

__all__ = ["CatalogService", "Template", "TemplateResources"]


@dataclass(frozen=True)
class CatalogService:
    store: TemplateStore
    uow: UnitOfWork
    clock: Clock

    def add(self, template: Template) -> Template:
        """A new template. Raises Invalid that names the field."""
        self.uow.commit([self.store.add(check(template))])
        return template

    def get(self, tenant_id: str, template_id: str) -> Template:
        """Raises NotFound, also for another tenant's."""
        template = self.store.get(tenant_id, template_id)
        if template is None:
            raise NotFound.of("template", template_id)
        return template

    def page(
        self, tenant_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[Template], Position | None]:
        """Oldest first."""
        return self.store.page(tenant_id, limit=limit, after=after)

    def change(self, tenant_id: str, template_id: str, change: Callable[[Template], Template]) -> Template:
        """The next version. Running sessions are not touched. Raises NotFound, Invalid."""

        def attempt() -> Template:
            before = self.get(tenant_id, template_id)
            after = check(replace(change(before), version=before.version + 1, updated_at=self.clock()))
            self.uow.commit([self.store.replace(after)])
            return after

        return on_conflict(attempt)

    def remove(self, tenant_id: str, template_id: str) -> None:
        """Sessions that were made of it go on. Raises NotFound."""
        self.uow.commit([self.store.remove(self.get(tenant_id, template_id))])
