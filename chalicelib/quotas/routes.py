"""HTTP of quotas."""

from collections.abc import Callable
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import NotFound
from chalicelib.identity.service import User
from chalicelib.quotas.rules import TENANT, USER_DEFAULT
from chalicelib.quotas.schemas import QuotaList, QuotaView, SetQuota
from chalicelib.quotas.service import QuotaService

_SCOPE: TypeAdapter[str] = TypeAdapter(Literal["tenant", "user-default"])


def build(service: QuotaService, authenticate: Callable[[Incoming], User]) -> Api[User]:
    """The routes."""
    api = Api("quotas", authenticate)

    @api.get("/v1/quotas", answers=QuotaList, permission="quotas:read")
    def quotas(call: Call[User]) -> QuotaList:
        """Limits and usage: the organisation's, your own, and everyone's for those who may set them."""
        caller = call.caller
        everyone = "quotas:write" in caller.permissions
        listed = service.visible(caller.tenant_id, caller.user_id, everyone=everyone)
        return QuotaList(items=[QuotaView.of(quota) for quota in listed])

    @api.put("/v1/quotas/{scope}", body=SetQuota, answers=QuotaView, permission="quotas:write")
    def set_quota(call: Call[User], scope: str, body: SetQuota) -> QuotaView:
        """Set the organisation's limits, or those that each user has by default."""
        try:
            subject = {"tenant": TENANT, "user-default": USER_DEFAULT}[_SCOPE.validate_python(scope)]
        except ValidationError:
            raise NotFound("Quotas are set for the scopes tenant and user-default.") from None
        return QuotaView.of(service.set_limits(call.caller.tenant_id, subject, body.limits.to_limits()))

    return api
