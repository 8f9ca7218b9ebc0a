"""HTTP of service accounts, as far as they differ from people."""

from collections.abc import Callable

from chalicelib.api_keys.accounts import ServiceAccountService
from chalicelib.api_keys.schemas import CreateServiceAccount
from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import Forbidden
from chalicelib.identity.service import User
from chalicelib.people.schemas import UserView


def build(accounts: ServiceAccountService, authenticate: Callable[[Incoming], User]) -> Api[User]:
    """The route that makes them; people's routes do the rest."""
    api = Api("service-accounts", authenticate)

    @api.post(
        "/v1/service-accounts",
        body=CreateServiceAccount,
        status=201,
        answers=UserView,
        permission="api_keys:write_all",
        raises=(Forbidden,),
        audit="service_account.create",
    )
    def create_service_account(call: Call[User], body: CreateServiceAccount) -> UserView:
        """Make an account for a program. It has no password: API keys alone open it."""
        return UserView.of(accounts.create(call.caller, body.name, body.role, body.group_ids))

    return api
