"""HTTP of one's own account."""

from collections.abc import Callable

from chalicelib.core import paging
from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import NotFound, TooMany
from chalicelib.core.schemas import PageQuery
from chalicelib.identity.account import AccountService
from chalicelib.identity.schemas import (
    BrandingView,
    ChangeMe,
    ChangePassword,
    MeView,
    PreferencesView,
    SignInPage,
    SignInView,
    TenantView,
    UserView,
)
from chalicelib.identity.service import IdentityService, Person, User
from chalicelib.tenancy.service import Tenant


def build(
    service: IdentityService, account: AccountService, authenticate: Callable[[Incoming], User]
) -> Api[User]:
    """Routes about the caller."""
    api = Api("identity", authenticate)

    def whole(user: User, person: Person, tenant: Tenant) -> MeView:
        logo = service.tenancy.logo(tenant)
        branding = BrandingView(accent=tenant.branding.accent, logo=logo.url if logo else None)
        return MeView(
            user=_user(person),
            tenant=TenantView(id=tenant.id, slug=tenant.slug, name=tenant.name, branding=branding),
            permissions=sorted(user.permissions),
            via="api-key" if user.key_id else "sign-in",
        )

    @api.get("/v1/me", answers=MeView, raises=(NotFound,))
    def me(call: Call[User]) -> MeView:
        """Who you are and what you may do."""
        return whole(call.caller, *service.get(call.caller))

    @api.patch(
        "/v1/me",
        body=ChangeMe,
        answers=MeView,
        permission="account:write",
        raises=(NotFound,),
        audit="account.change",
    )
    def change_me(call: Call[User], body: ChangeMe) -> MeView:
        """Change your name or preferences; what is absent stays."""
        chosen = body.preferences.model_dump(exclude_unset=True) if body.preferences else {}
        account.change(call.caller, body.name, chosen)
        return whole(call.caller, *service.get(call.caller))

    @api.put(
        "/v1/me/password",
        body=ChangePassword,
        status=204,
        permission="account:write",
        raises=(NotFound, TooMany),
        audit="account.password",
    )
    def change_password(call: Call[User], body: ChangePassword) -> None:
        """Change your password; your other sign-ins end."""
        account.change_password(call.caller, body.current_password, body.new_password, call.incoming)

    @api.get("/v1/me/sign-ins", query=PageQuery, answers=SignInPage, permission="account:write")
    def sign_ins(call: Call[User], query: PageQuery) -> SignInPage:
        """Where you are signed in, newest first."""
        user = call.caller
        scope = f"sign-ins:{user.tenant_id}:{user.user_id}"
        found, position = service.sign_ins_page(
            user.tenant_id, user.user_id, limit=query.limit, after=paging.unseal(query.cursor, scope=scope)
        )
        return SignInPage(
            items=[
                SignInView(
                    id=each.id,
                    created_at=each.created_at,
                    last_used_at=each.used_at,
                    source_ip=each.source_ip,
                    user_agent=each.user_agent,
                    current=each.id == user.sign_in_id,
                )
                for each in found
            ],
            next_cursor=paging.seal(position, scope=scope),
        )

    @api.delete(
        "/v1/me/sign-ins/{sign_in_id}",
        status=204,
        permission="account:write",
        raises=(NotFound,),
        audit="account.sign_out",
    )
    def end_sign_in(call: Call[User], sign_in_id: str) -> None:
        """Sign out there; its tokens stop working at once."""
        service.end_sign_in(call.caller.tenant_id, call.caller.user_id, sign_in_id)

    @api.delete("/v1/me/sign-ins", status=204, permission="account:write", audit="account.sign_out_others")
    def end_other_sign_ins(call: Call[User]) -> None:
        """Sign out everywhere but here."""
        user = call.caller
        service.end_sign_ins(user.tenant_id, user.user_id, but=user.sign_in_id)

    return api


def _user(person: Person) -> UserView:
    return UserView(
        id=person.id,
        email=person.email,
        name=person.name,
        role=person.role.value,
        kind=person.kind,
        group_ids=list(person.groups),
        charged_group_id=person.charged_group,
        preferences=PreferencesView.model_validate(person.preferences),
    )
