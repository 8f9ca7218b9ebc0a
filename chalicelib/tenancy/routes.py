"""HTTP of the organisation."""

from collections.abc import Callable

from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Caller, Incoming
from chalicelib.core.errors import NotFound
from chalicelib.tenancy.schemas import ChangeTenant, OrganisationView
from chalicelib.tenancy.service import TenancyService, Tenant

_SETTINGS = "tenant:read"


def build(service: TenancyService, authenticate: Callable[[Incoming], Caller]) -> Api[Caller]:
    """The routes."""
    api: Api[Caller] = Api("tenant", authenticate)

    def view(tenant: Tenant, caller: Caller) -> OrganisationView:
        return OrganisationView.of(tenant, service.logo(tenant), settings=_SETTINGS in caller.permissions)

    @api.get("/v1/tenant", answers=OrganisationView, raises=(NotFound,))
    def organisation(call: Call[Caller]) -> OrganisationView:
        """The organisation: its name, plan and looks, and its settings for those who may see them."""
        return view(service.get(call.caller.tenant_id), call.caller)

    @api.patch(
        "/v1/tenant",
        body=ChangeTenant,
        answers=OrganisationView,
        permission="tenant:write",
        raises=(NotFound,),
        audit="tenant.change",
    )
    def change_organisation(call: Call[Caller], body: ChangeTenant) -> OrganisationView:
        """Change its name, settings or looks. What is absent stays."""
        changed = service.change(call.caller.tenant_id, body.to_change(), source_ip=call.incoming.source_ip)
        return view(changed, call.caller)

    return api
