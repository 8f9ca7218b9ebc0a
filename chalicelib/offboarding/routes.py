"""HTTP of leaving."""

from collections.abc import Callable

from chalicelib.core import paging
from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import Conflict, NotFound, TooMany
from chalicelib.core.schemas import PageQuery
from chalicelib.identity.service import User
from chalicelib.offboarding.rules import Job
from chalicelib.offboarding.schemas import DeleteTenant, DeletionView, ExportPage, ExportView
from chalicelib.offboarding.service import OffboardingService

_BEGUN = (
    "The organisation is being deleted. Nobody can sign in from now on; you get a mail when nothing is left."
)


def build(service: OffboardingService, authenticate: Callable[[Incoming], User]) -> Api[User]:
    """The routes."""
    api = Api("offboarding", authenticate)

    def view(job: Job) -> ExportView:
        return ExportView.of(job, service.link(job))

    @api.post(
        "/v1/tenant/exports",
        status=202,
        answers=ExportView,
        permission="tenant:export",
        audit="tenant.export",
    )
    def create_export(call: Call[User]) -> ExportView:
        """Make a file of all of the organisation's data, as JSON lines. While one is being made, that one."""
        return view(service.request_export(call.caller))

    @api.get("/v1/tenant/exports", query=PageQuery, answers=ExportPage, permission="tenant:export")
    def exports(call: Call[User], query: PageQuery) -> ExportPage:
        """Exports of the last week, newest first."""
        tenant_id = call.caller.tenant_id
        scope = f"exports/{tenant_id}"
        after = paging.unseal(query.cursor, scope=scope)
        found, position = service.exports(tenant_id, limit=query.limit, after=after)
        return ExportPage(
            items=[view(each) for each in found], next_cursor=paging.seal(position, scope=scope)
        )

    @api.get(
        "/v1/tenant/exports/{export_id}",
        answers=ExportView,
        permission="tenant:export",
        raises=(NotFound,),
    )
    def export(call: Call[User], export_id: str) -> ExportView:
        """One export: how far it is, and where its file is."""
        return view(service.export(call.caller.tenant_id, export_id))

    @api.post(
        "/v1/tenant/deletion",
        body=DeleteTenant,
        status=202,
        answers=DeletionView,
        permission="tenant:delete",
        raises=(Conflict, TooMany),
        audit="tenant.delete",
    )
    def delete_tenant(call: Call[User], body: DeleteTenant) -> DeletionView:
        """Delete the organisation and all of its data. This cannot be taken back."""
        service.request_deletion(call.caller, body.slug, body.password, call.incoming)
        return DeletionView(message=_BEGUN)

    return api
