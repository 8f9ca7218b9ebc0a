"""HTTP of commands and sessions, for agents. Every call is signed."""

from collections.abc import Callable

from chalicelib.controllers.service import AgentCaller
from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import Busy, Conflict, Gone, Invalid, NotFound
from chalicelib.protocol.agents import InventoryAnswer, InventoryReport
from chalicelib.protocol.commands import (
    Accepted,
    ClaimGrant,
    ClaimRequest,
    RenewGrant,
    RenewRequest,
    ResultReport,
    StatusReport,
)
from chalicelib.sessions.service import SessionService


def build(service: SessionService, authenticate: Callable[[Incoming], AgentCaller]) -> Api[AgentCaller]:
    """The routes."""
    api = Api("commands", authenticate, security="agent")
    reports = service.reports

    @api.post(
        "/agent/v1/commands/{command_id}/claim",
        body=ClaimRequest,
        answers=ClaimGrant,
        raises=(NotFound, Conflict, Gone, Busy),
    )
    def claim_command(call: Call[AgentCaller], command_id: str, body: ClaimRequest) -> ClaimGrant:
        """Take a command. Repeating a claim id gets the same grant again."""
        return reports.claim(call.caller, command_id, body)

    @api.post(
        "/agent/v1/commands/{command_id}/renew",
        body=RenewRequest,
        answers=RenewGrant,
        raises=(NotFound, Conflict, Gone),
    )
    def renew_command(call: Call[AgentCaller], command_id: str, body: RenewRequest) -> RenewGrant:
        """Keep a command's lease."""
        return reports.renew(call.caller, command_id, body)

    @api.post(
        "/agent/v1/commands/{command_id}/result",
        body=ResultReport,
        answers=Accepted,
        raises=(NotFound, Conflict, Gone),
    )
    def report_result(call: Call[AgentCaller], command_id: str, body: ResultReport) -> Accepted:
        """Say how a command ended."""
        reports.result(call.caller, command_id, body)
        return Accepted()

    @api.post(
        "/agent/v1/sessions/{session_id}/status",
        body=StatusReport,
        answers=Accepted,
        raises=(NotFound, Conflict, Gone),
    )
    def report_status(call: Call[AgentCaller], session_id: str, body: StatusReport) -> Accepted:
        """Say how far a start has come, or that an instance ended by itself."""
        reports.status(call.caller, session_id, body)
        return Accepted()

    @api.post(
        "/agent/v1/inventory", body=InventoryReport, answers=InventoryAnswer, raises=(Conflict, Invalid)
    )
    def report_inventory(call: Call[AgentCaller], body: InventoryReport) -> InventoryAnswer:
        """Compare what exists with what should."""
        return service.inventories.compare(call.caller, body)

    return api
