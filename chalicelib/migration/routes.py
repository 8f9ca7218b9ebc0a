"""HTTP of imports."""

from collections import Counter
from collections.abc import Callable

from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.identity.service import User
from chalicelib.migration.schemas import ImportBody, ImportedView, ImportReport
from chalicelib.migration.service import MigrationService, Outcome


def build(service: MigrationService, authenticate: Callable[[Incoming], User]) -> Api[User]:
    """The routes."""
    api = Api("imports", authenticate)

    @api.post(
        "/v1/imports",
        body=ImportBody,
        answers=ImportReport,
        permission="templates:write",
        audit="import.run",
    )
    def run_import(call: Call[User], body: ImportBody) -> ImportReport:
        """Import templates and sessions of the original StreamSpace, or say what would come of it. Sending
        the same again makes nothing twice and goes on where the last call ended."""
        items = service.run(call.caller, body.manifests, body.to_wishes())
        counted = Counter(item.outcome for item in items)
        return ImportReport(
            dry_run=body.dry_run,
            counts={outcome: counted[outcome] for outcome in Outcome},
            items=[ImportedView.of(item) for item in items],
        )

    return api
