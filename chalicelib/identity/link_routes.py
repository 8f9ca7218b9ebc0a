"""HTTP of what begins with a mail: signing up and choosing a new password."""

from chalicelib.core.api import Answer, Api, Call, anonymous
from chalicelib.core.caller import Anonymous
from chalicelib.core.errors import Conflict, Forbidden, Gone, TooMany, Unauthenticated
from chalicelib.identity.cookies import RefreshCookie
from chalicelib.identity.password_rules import SHORTEST
from chalicelib.identity.recovery import RecoveryService
from chalicelib.identity.routes import signed_in
from chalicelib.identity.schemas import (
    AskReset,
    ConfirmReset,
    ConfirmSignUp,
    MessageView,
    OptionsView,
    SignUp,
    TokenView,
)
from chalicelib.identity.sign_up import SignUpService

_SENT = MessageView(message="If this address can be used, a mail is on its way. Follow the link in it.")


def build(sign_up: SignUpService, recovery: RecoveryService, cookie: RefreshCookie) -> Api[Anonymous]:
    """Routes for those who cannot sign in, yet or any more."""
    api = Api("auth", anonymous, security=None)

    @api.get("/v1/auth/options", answers=OptionsView)
    def options(_call: Call[Anonymous]) -> OptionsView:
        """What this deployment offers to those who are not signed in."""
        return OptionsView(sign_up=sign_up.open, password_min_length=SHORTEST)

    @api.post(
        "/v1/auth/sign-up",
        body=SignUp,
        answers=MessageView,
        status=202,
        raises=(Forbidden, TooMany),
        audit="auth.sign_up",
    )
    def ask_sign_up(call: Call[Anonymous], body: SignUp) -> MessageView:
        """Ask for a new organisation. The answer is the same whoever has the address."""
        sign_up.ask(body.organisation, body.email, body.name, call.incoming)
        return _SENT

    @api.post(
        "/v1/auth/sign-up/confirm",
        body=ConfirmSignUp,
        answers=TokenView,
        status=201,
        raises=(Forbidden, Conflict, Gone, TooMany, Unauthenticated),
        audit="auth.sign_up_confirm",
    )
    def confirm_sign_up(call: Call[Anonymous], body: ConfirmSignUp) -> Answer:
        """Make the organisation that the mail's link is about, and its owner, who is signed in."""
        cookie.check_origin(call.incoming)
        return signed_in(sign_up.confirm(body.token, body.password, call.incoming), cookie)

    @api.post(
        "/v1/auth/password-reset",
        body=AskReset,
        answers=MessageView,
        status=202,
        raises=(TooMany,),
        audit="auth.password_reset",
    )
    def ask_reset(call: Call[Anonymous], body: AskReset) -> MessageView:
        """Ask for a new password. The answer is the same whether there is such an account."""
        recovery.ask(body.email, call.incoming)
        return _SENT

    @api.post(
        "/v1/auth/password-reset/confirm",
        body=ConfirmReset,
        status=204,
        raises=(Forbidden, Conflict, Gone, TooMany, Unauthenticated),
        audit="auth.password_reset_confirm",
    )
    def confirm_reset(call: Call[Anonymous], body: ConfirmReset) -> None:
        """Set the new password; all sign-ins of the account end."""
        cookie.check_origin(call.incoming)
        recovery.reset(body.token, body.new_password, call.incoming)

    return api
