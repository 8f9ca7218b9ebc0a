"""HTTP of invitations: for those who invite, and for those who hold a link."""

from collections.abc import Callable

from chalicelib.core import paging
from chalicelib.core.api import Answer, Api, Call, anonymous
from chalicelib.core.caller import Anonymous, Incoming
from chalicelib.core.errors import Conflict, Forbidden, Gone, NotFound, TooMany, Unauthenticated
from chalicelib.core.schemas import PageQuery
from chalicelib.identity.cookies import RefreshCookie
from chalicelib.identity.routes import signed_in
from chalicelib.identity.schemas import TokenView
from chalicelib.identity.service import Role, User
from chalicelib.people.schemas import (
    AcceptInvitation,
    CreateInvitation,
    InvitationPage,
    InvitationView,
    OfferView,
    PreviewInvitation,
)
from chalicelib.people.service import InvitationService

_READ, _WRITE = "users:read", "users:write"


def build(service: InvitationService, authenticate: Callable[[Incoming], User]) -> Api[User]:
    """The routes of those who invite."""
    api = Api("invitations", authenticate)

    @api.get("/v1/invitations", query=PageQuery, answers=InvitationPage, permission=_READ)
    def invitations(call: Call[User], query: PageQuery) -> InvitationPage:
        """Invitations, newest first."""
        scope = f"invitations/{call.caller.tenant_id}"
        after = paging.unseal(query.cursor, scope=scope)
        found, position = service.page(call.caller.tenant_id, limit=query.limit, after=after)
        now = service.clock()
        items = [InvitationView.of(each, now) for each in found]
        return InvitationPage(items=items, next_cursor=paging.seal(position, scope=scope))

    @api.post(
        "/v1/invitations",
        body=CreateInvitation,
        status=201,
        answers=InvitationView,
        permission=_WRITE,
        raises=(Forbidden, Conflict, TooMany),
        audit="invitation.create",
    )
    def create_invitation(call: Call[User], body: CreateInvitation) -> InvitationView:
        """Invite somebody by mail; the answer to a person holds the link as well."""
        issued = service.create(
            call.caller,
            email=body.email,
            role=Role(body.role),
            name=body.name,
            group_ids=tuple(body.group_ids),
        )
        return InvitationView.issued(issued, service.clock(), call.caller)

    @api.post(
        "/v1/invitations/{invitation_id}/resend",
        answers=InvitationView,
        permission=_WRITE,
        raises=(NotFound, Forbidden, Conflict, TooMany),
        audit="invitation.resend",
    )
    def resend_invitation(call: Call[User], invitation_id: str) -> InvitationView:
        """Send a new link, with new time; older links stop working."""
        issued = service.resend(call.caller, invitation_id)
        return InvitationView.issued(issued, service.clock(), call.caller)

    @api.delete(
        "/v1/invitations/{invitation_id}",
        status=204,
        permission=_WRITE,
        raises=(NotFound, Forbidden, Conflict),
        audit="invitation.revoke",
    )
    def revoke_invitation(call: Call[User], invitation_id: str) -> None:
        """Withdraw an invitation: its links stop working."""
        service.revoke(call.caller, invitation_id)

    return api


def build_public(service: InvitationService, cookie: RefreshCookie) -> Api[Anonymous]:
    """The routes of those who hold a link."""
    api = Api("invitation", anonymous, security=None)

    @api.post(
        "/v1/auth/invitation", body=PreviewInvitation, answers=OfferView, raises=(Conflict, Forbidden, Gone)
    )
    def preview_invitation(_call: Call[Anonymous], body: PreviewInvitation) -> OfferView:
        """What a link offers."""
        return OfferView.of(service.preview(body.token))

    @api.post(
        "/v1/auth/invitation/accept",
        body=AcceptInvitation,
        status=201,
        answers=TokenView,
        raises=(Unauthenticated, Conflict, Forbidden, Gone),
        audit="invitation.accept",
    )
    def accept_invitation(call: Call[Anonymous], body: AcceptInvitation) -> Answer:
        """Become a member, once, and be signed in."""
        cookie.check_origin(call.incoming)
        return signed_in(service.accept(body.token, body.name, body.password, call.incoming), cookie)

    return api
