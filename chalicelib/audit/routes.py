"""HTTP of the audit log."""

from collections.abc import Callable, Sequence

from chalicelib.audit.schemas import (
    ActionList,
    AuditExportView,
    AuditQuery,
    CreateAuditExport,
    EntryPage,
    EntryView,
    HeadView,
)
from chalicelib.audit.service import AuditService
from chalicelib.core import paging, trail
from chalicelib.core.api import Api, Call, Operation
from chalicelib.core.caller import Incoming
from chalicelib.identity.service import User

_READ = "audit:read"


def build(
    service: AuditService,
    authenticate: Callable[[Incoming], User],
    operations: Callable[[], Sequence[Operation]],
) -> Api[User]:
    """The routes; `operations` gives every capability's, which say what is audited."""
    api = Api("audit", authenticate)

    @api.get("/v1/audit", query=AuditQuery, answers=EntryPage, permission=_READ)
    def audit(call: Call[User], query: AuditQuery) -> EntryPage:
        """Who did what, newest first."""
        tenant_id = call.caller.tenant_id
        scope = f"audit/{tenant_id}/{query.scope}"
        after = paging.unseal(query.cursor, scope=scope)
        wanted = query.to_wanted(after["before"] if after else None)
        found, position = service.search.find(tenant_id, wanted, query.limit)
        cursor = None if position is None else paging.seal({"before": position}, scope=scope)
        return EntryPage(items=[EntryView.of(each) for each in found], next_cursor=cursor)

    @api.get("/v1/audit/head", answers=HeadView, permission=_READ)
    def audit_head(call: Call[User]) -> HeadView:
        """The end of the chain: keep it elsewhere, and nothing before it can be altered unnoticed."""
        head, unsealed = service.search.head(call.caller.tenant_id)
        return HeadView(sequence=head.sequence, hash=head.hash, unsealed=unsealed)

    @api.get("/v1/audit/actions", answers=ActionList, permission=_READ)
    def audit_actions(call: Call[User]) -> ActionList:
        """Every action that there are entries of."""
        return ActionList(items=sorted({each.audit for each in operations() if each.audit}))

    @api.post(
        "/v1/audit/exports",
        body=CreateAuditExport,
        status=201,
        answers=AuditExportView,
        permission="audit:export",
        audit="audit.export",
    )
    def create_audit_export(call: Call[User], body: CreateAuditExport) -> AuditExportView:
        """Export entries as files of JSON lines that anybody can verify."""
        made = service.exports.export(call.caller.tenant_id, body.since, body.until)
        trail.note(first=made.after.sequence + 1, last=made.head.sequence)
        return AuditExportView.of(made)

    return api
