"""HTTP of sign-in."""

from collections.abc import Callable

from chalicelib.core.api import Answer, Api, Call, anonymous
from chalicelib.core.caller import Anonymous, Incoming
from chalicelib.core.errors import Conflict, Forbidden, NotFound, TooMany, Unauthenticated
from chalicelib.identity.schemas import Login, MeView, TenantView, TokenView, UserView
from chalicelib.identity.service import IdentityService, SignedIn, User

COOKIE = "streamspace_refresh"
_PATH = "/v1/auth"


def build_public(service: IdentityService, *, secure_cookies: bool, cookie_lifetime: int) -> Api[Anonymous]:
    """Routes that need no access token."""
    api = Api("auth", anonymous, security=None)
    attributes = f"Path={_PATH}; HttpOnly; SameSite=Strict" + ("; Secure" if secure_cookies else "")

    def answer(signed_in: SignedIn) -> Answer:
        body = TokenView(access_token=signed_in.access_token, expires_in=signed_in.expires_in)
        if signed_in.refresh is None:
            return Answer(body)
        return Answer(
            body, cookies=(f"{COOKIE}={signed_in.refresh}; Max-Age={cookie_lifetime}; {attributes}",)
        )

    @api.post(
        "/v1/auth/login",
        body=Login,
        answers=TokenView,
        raises=(Unauthenticated, TooMany, Conflict),
    )
    def login(call: Call[Anonymous], body: Login) -> Answer:
        """Sign in with e-mail and password."""
        return answer(
            service.login(body.email, body.password, tenant=body.tenant, source_ip=call.incoming.source_ip)
        )

    @api.post("/v1/auth/refresh", answers=TokenView, raises=(Unauthenticated, Forbidden))
    def refresh(call: Call[Anonymous]) -> Answer:
        """Trade the refresh cookie for a new access token and the next cookie."""
        _same_origin(call.incoming)
        return answer(service.refresh(call.incoming.cookie(COOKIE)))

    @api.post("/v1/auth/logout", status=204, raises=(Forbidden,))
    def logout(call: Call[Anonymous]) -> Answer:
        """End this sign-in; every token that descends from it stops working."""
        _same_origin(call.incoming)
        service.logout(call.incoming.cookie(COOKIE))
        return Answer(cookies=(f"{COOKIE}=; Max-Age=0; {attributes}",))

    return api


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


def _same_origin(incoming: Incoming) -> None:
    # SameSite=Strict already keeps the cookie from other sites; sibling subdomains are not other sites.
    origin = incoming.headers.get("origin")
    if origin is not None and origin.split("://", 1)[-1] != incoming.host:
        raise Forbidden("This request came from another site.", code="cross_site")
