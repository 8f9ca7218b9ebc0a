"""Use cases on templates."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from chalicelib.catalog.rules import Template, TemplateResources, check
from chalicelib.catalog.starters import starters
from chalicelib.catalog.store import Position, TemplateStore
from chalicelib.core import trail
from chalicelib.core.clock import Clock
from chalicelib.core.errors import NotFound
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import UnitOfWork, Write
from chalicelib.identity.service import User
from chalicelib.people.service import GroupService, open_to
from chalicelib.tenancy.service import TenancyService

__all__ = ["CatalogService", "Template", "TemplateResources", "check"]

_PAGE = 100


@dataclass(frozen=True)
class CatalogService:
    store: TemplateStore
    groups: GroupService
    tenancy: TenancyService
    uow: UnitOfWork
    clock: Clock
    image_tag: str

    def add(self, template: Template) -> Template:
        """A new template. Raises Invalid that names the field, Conflict `plan_limit`."""
        self.tenancy.allow(template.tenant_id, "templates", lambda: self.store.count(template.tenant_id))
        template = replace(template, group_ids=self.groups.check(template.tenant_id, template.group_ids))
        trail.about("template", template.id, template.name)
        trail.note(image=template.image)
        self.uow.commit([self.store.add(check(template))])
        return template

    def starters(self, tenant_id: str) -> list[Write]:
        """What a new organisation begins with, to be committed with it."""
        return [self.store.add(check(each)) for each in starters(tenant_id, self.image_tag, self.clock())]

    def get(self, tenant_id: str, template_id: str) -> Template:
        """Raises NotFound, also for another tenant's."""
        template = self.store.get(tenant_id, template_id)
        if template is None:
            raise NotFound.of("template", template_id)
        return template

    def visible(self, user: User, template_id: str) -> Template:
        """One that this user may see and use. Raises NotFound, with the same words for others'."""
        template = self.get(user.tenant_id, template_id)
        if not _shown_to(user, template):
            raise NotFound.of("template", template_id)
        return template

    def page(
        self, user: User, *, limit: int, after: Position | None
    ) -> tuple[list[Template], Position | None]:
        """What this user may see, oldest first."""
        return self.store.page(
            user.tenant_id, limit=limit, after=after, shown=lambda template: _shown_to(user, template)
        )

    def change(self, tenant_id: str, template_id: str, change: Callable[[Template], Template]) -> Template:
        """The next version. Running sessions are not touched. Raises NotFound, Invalid."""

        def attempt() -> Template:
            before = self.get(tenant_id, template_id)
            after = check(replace(change(before), version=before.version + 1, updated_at=self.clock()))
            if after.group_ids != before.group_ids:
                after = replace(after, group_ids=self.groups.check(tenant_id, after.group_ids))
            trail.about("template", after.id, after.name)
            trail.note(version=after.version, changed=", ".join(_changed(before, after)))
            self.uow.commit([self.store.replace(after)])
            return after

        return on_conflict(attempt)

    def remove(self, tenant_id: str, template_id: str) -> None:
        """Sessions that were made of it go on. Raises NotFound."""
        template = self.get(tenant_id, template_id)
        trail.about("template", template.id, template.name)
        self.uow.commit([self.store.remove(template)])

    def export(self, tenant_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """All templates."""
        after: Position | None = None
        while True:
            found, after = self.store.page(tenant_id, limit=_PAGE, after=after, shown=lambda _: True)
            for template in found:
                yield "template", asdict(template)
            if after is None:
                return

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of a tenant's templates; True when none is left."""
        return self.store.erase(tenant_id)


def _changed(before: Template, after: Template) -> list[str]:
    """Names alone: values may hold secrets of an application."""
    told = [each.name for each in fields(Template) if each.name not in ("version", "updated_at")]
    return [name for name in told if getattr(before, name) != getattr(after, name)]


def _shown_to(user: User, template: Template) -> bool:
    """Who may change templates sees all of them, or one that is for nobody's group could not be mended."""
    return "templates:write" in user.permissions or open_to(template.group_ids, user.groups)
