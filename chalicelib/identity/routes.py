"""HTTP of signing in, staying signed in and signing out."""

from chalicelib.core.api import Answer, Api, Call, anonymous
from chalicelib.core.caller import Anonymous
from chalicelib.core.errors import Conflict, Forbidden, TooMany, Unauthenticated
from chalicelib.identity.cookies import RefreshCookie
from chalicelib.identity.schemas import Login, TokenView
from chalicelib.identity.service import SignedIn
from chalicelib.identity.signing_in import SignInService


def signed_in(answer: SignedIn, cookie: RefreshCookie) -> Answer:
    """How every route that opens a sign-in answers."""
    body = TokenView(access_token=answer.access_token, expires_in=answer.expires_in)
    return Answer(body, cookies=(cookie.set(answer.refresh),) if answer.refresh else ())


def build_public(service: SignInService, cookie: RefreshCookie) -> Api[Anonymous]:
    """Routes that need no access token."""
    api = Api("auth", anonymous, security=None)

    @api.post(
        "/v1/auth/login",
        body=Login,
        answers=TokenView,
        raises=(Unauthenticated, Forbidden, TooMany, Conflict),
        audit="auth.login",
    )
    def login(call: Call[Anonymous], body: Login) -> Answer:
        """Sign in with e-mail and password."""
        cookie.check_origin(call.incoming)
        return signed_in(service.login(body.email, body.password, body.tenant, call.incoming), cookie)

    @api.post(
        "/v1/auth/refresh", answers=TokenView, raises=(Unauthenticated, Forbidden), audit="auth.refresh"
    )
    def refresh(call: Call[Anonymous]) -> Answer:
        """Trade the refresh cookie for a new access token and the next cookie."""
        return signed_in(service.refresh(cookie.read(call.incoming), call.incoming), cookie)

    @api.post("/v1/auth/logout", status=204, raises=(Forbidden,), audit="auth.logout")
    def logout(call: Call[Anonymous]) -> Answer:
        """End this sign-in; every token that descends from it stops working."""
        service.logout(cookie.read(call.incoming))
        return Answer(cookies=(cookie.clear(),))

    return api
