"""HTTP of imports."""

from collections.abc import Callable

from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.identity.service import User
from chalicelib.migration.schemas import ImportBody, ImportReport
from chalicelib.migration.service import MigrationService


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
        report = service.run(call.caller, body.manifests, body.to_wishes())
        return ImportReport.of(report, dry_run=body.dry_run)

    return api
