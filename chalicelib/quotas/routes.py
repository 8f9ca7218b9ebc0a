"""HTTP of quotas."""

from collections.abc import Callable
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from chalicelib.core import trail
from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import NotFound
from chalicelib.identity.service import User
from chalicelib.quotas.rules import TENANT, USER_DEFAULT, group_subject, user_subject
from chalicelib.quotas.schemas import QuotaList, QuotaView, SetQuota
from chalicelib.quotas.service import QuotaService

_SCOPE: TypeAdapter[str] = TypeAdapter(Literal["tenant", "user-default"])


def build(service: QuotaService, authenticate: Callable[[Incoming], User]) -> Api[User]:
    """The routes."""
    api = Api("quotas", authenticate)

    @api.get("/v1/quotas", answers=QuotaList, permission="quotas:read")
    def quotas(call: Call[User]) -> QuotaList:
        """Limits and usage: the organisation's, yours, your group's; everyone's for who sets limits."""
        caller = call.caller
        everyone = "quotas:write" in caller.permissions
        listed = service.visible(caller.tenant_id, caller.user_id, caller.charged_group, everyone=everyone)
        return QuotaList(items=[QuotaView.of(quota) for quota in listed])

    @api.put(
        "/v1/quotas/{scope}", body=SetQuota, answers=QuotaView, permission="quotas:write", audit="quota.set"
    )
    def set_quota(call: Call[User], scope: str, body: SetQuota) -> QuotaView:
        """Set the organisation's limits, or those that each user has by default."""
        try:
            subject = {"tenant": TENANT, "user-default": USER_DEFAULT}[_SCOPE.validate_python(scope)]
        except ValidationError:
            raise NotFound("Quotas are set for the scopes tenant and user-default.") from None
        trail.about("quota", subject)
        return _set(call, subject, body)

    @api.put(
        "/v1/quotas/users/{user_id}",
        body=SetQuota,
        answers=QuotaView,
        permission="quotas:write",
        audit="quota.set",
    )
    def set_user_quota(call: Call[User], user_id: str, body: SetQuota) -> QuotaView:
        """Set one user's limits, whatever the default for users says."""
        return _set(call, user_subject(user_id), body)

    @api.delete("/v1/quotas/users/{user_id}", status=204, permission="quotas:write", audit="quota.reset")
    def reset_user_quota(call: Call[User], user_id: str) -> None:
        """Let the default for users hold for this user again."""
        service.reset_limits(call.caller.tenant_id, user_subject(user_id))

    @api.put(
        "/v1/quotas/groups/{group_id}",
        body=SetQuota,
        answers=QuotaView,
        permission="quotas:write",
        audit="quota.set",
    )
    def set_group_quota(call: Call[User], group_id: str, body: SetQuota) -> QuotaView:
        """Set what the sessions that are charged to a group may take together."""
        return _set(call, group_subject(group_id), body)

    @api.delete("/v1/quotas/groups/{group_id}", status=204, permission="quotas:write", audit="quota.reset")
    def reset_group_quota(call: Call[User], group_id: str) -> None:
        """Limit the group in nothing any more."""
        service.reset_limits(call.caller.tenant_id, group_subject(group_id))

    def _set(call: Call[User], subject: str, body: SetQuota) -> QuotaView:
        trail.note(**body.limits.model_dump(exclude_none=True))
        return QuotaView.of(service.set_limits(call.caller.tenant_id, subject, body.limits.to_limits()))

    return api
