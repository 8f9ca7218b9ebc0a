"""HTTP of one's own account."""

from collections.abc import Callable

from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import NotFound
from chalicelib.identity.schemas import MeView, TenantView, UserView
from chalicelib.identity.service import IdentityService, User


def build(service: IdentityService, authenticate: Callable[[Incoming], User]) -> Api[User]:
    """Routes about the caller."""
    api = Api("identity", authenticate)

    @api.get("/v1/me", answers=MeView, raises=(NotFound,))
    def me(call: Call[User]) -> MeView:
        """Who you are and what you may do."""
        person, tenant = service.get(call.caller)
        return MeView(
            user=UserView(id=person.id, email=person.email, name=person.name, role=person.role.value),
            tenant=TenantView(id=tenant.id, slug=tenant.slug, name=tenant.name),
            permissions=sorted(call.caller.permissions),
        )

    return api
