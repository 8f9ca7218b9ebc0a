"""HTTP of templates."""

from collections.abc import Callable

from chalicelib.catalog.schemas import ChangeTemplate, CreateTemplate, TemplatePage, TemplateView
from chalicelib.catalog.service import CatalogService
from chalicelib.core import paging
from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.schemas import PageQuery
from chalicelib.identity.service import User


def build(service: CatalogService, authenticate: Callable[[Incoming], User]) -> Api[User]:
    """The routes."""
    api = Api("templates", authenticate)

    @api.get("/v1/templates", query=PageQuery, answers=TemplatePage, permission="templates:read")
    def templates(call: Call[User], query: PageQuery) -> TemplatePage:
        """The catalog: what is for everybody or for a group of yours."""
        scope = f"templates/{call.caller.tenant_id}"
        after = paging.unseal(query.cursor, scope=scope)
        found, position = service.page(call.caller, limit=query.limit, after=after)
        items = [TemplateView.of(template) for template in found]
        return TemplatePage(items=items, next_cursor=paging.seal(position, scope=scope))

    @api.post(
        "/v1/templates",
        body=CreateTemplate,
        status=201,
        answers=TemplateView,
        permission="templates:write",
        raises=(Conflict,),
        audit="template.create",
    )
    def create_template(call: Call[User], body: CreateTemplate) -> TemplateView:
        """Add a template."""
        return TemplateView.of(service.add(body.to_template(call.caller.tenant_id, service.clock())))

    @api.get(
        "/v1/templates/{template_id}", answers=TemplateView, permission="templates:read", raises=(NotFound,)
    )
    def template(call: Call[User], template_id: str) -> TemplateView:
        """One template."""
        return TemplateView.of(service.visible(call.caller, template_id))

    @api.patch(
        "/v1/templates/{template_id}",
        body=ChangeTemplate,
        answers=TemplateView,
        permission="templates:write",
        raises=(NotFound,),
        audit="template.change",
    )
    def change_template(call: Call[User], template_id: str, body: ChangeTemplate) -> TemplateView:
        """Make the next version; sessions that run keep theirs."""
        return TemplateView.of(service.change(call.caller.tenant_id, template_id, body.apply))

    @api.delete(
        "/v1/templates/{template_id}",
        status=204,
        permission="templates:write",
        raises=(NotFound,),
        audit="template.remove",
    )
    def remove_template(call: Call[User], template_id: str) -> None:
        """Remove a template; its sessions go on."""
        service.remove(call.caller.tenant_id, template_id)

    return api
