"""HTTP of dead letters, for administrators of controllers."""

from collections.abc import Callable

from chalicelib.core import paging
from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.core.schemas import PageQuery
from chalicelib.identity.service import User
from chalicelib.sessions.dead_letter_schemas import (
    DeadLetterPage,
    DeadLetterView,
    RedriveDeadLetters,
    RedrivenView,
)
from chalicelib.sessions.dead_letters import DeadLetters

_PATH = "/v1/controllers/{controller_id}/dead-letters"


def build(service: DeadLetters, authenticate: Callable[[Incoming], User]) -> Api[User]:
    """The routes."""
    api = Api("dead letters", authenticate)

    @api.get(
        _PATH,
        query=PageQuery,
        answers=DeadLetterPage,
        permission="controllers:read",
        raises=(NotFound, Unavailable),
    )
    def dead_letters(call: Call[User], controller_id: str, query: PageQuery) -> DeadLetterPage:
        """Messages that no agent could act on, oldest first. There is no second page: handle these first."""
        tenant_id = call.caller.tenant_id
        paging.unseal(query.cursor, scope=f"dead-letters/{tenant_id}/{controller_id}")
        found, count = service.page(tenant_id, controller_id, query.limit)
        return DeadLetterPage(items=[DeadLetterView.of(each) for each in found], count=count)

    @api.post(
        f"{_PATH}/redrive",
        body=RedriveDeadLetters,
        answers=RedrivenView,
        permission="controllers:write",
        raises=(NotFound, Unavailable),
        audit="dead_letters.redrive",
    )
    def redrive_dead_letters(call: Call[User], controller_id: str, body: RedriveDeadLetters) -> RedrivenView:
        """Send again what names an open command, and drop the rest."""
        return RedrivenView.of(service.redrive(call.caller.tenant_id, controller_id, body.ids))

    @api.delete(
        _PATH,
        status=204,
        permission="controllers:write",
        raises=(NotFound, Unavailable),
        audit="dead_letters.purge",
    )
    def purge_dead_letters(call: Call[User], controller_id: str) -> None:
        """Drop all. No command is lost by that."""
        service.letters.purge(call.caller.tenant_id, controller_id)

    return api
