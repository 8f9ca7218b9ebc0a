"""HTTP of API keys."""

from collections.abc import Callable

from chalicelib.api_keys.schemas import (
    ApiKeyPage,
    ApiKeyQuery,
    ApiKeyView,
    CreateApiKey,
    NewApiKeyView,
    RotateApiKey,
)
from chalicelib.api_keys.service import ApiKeyService
from chalicelib.core import paging
from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import Conflict, Forbidden, NotFound
from chalicelib.identity.service import User


def build(service: ApiKeyService, authenticate: Callable[[Incoming], User]) -> Api[User]:
    """The routes. What makes, rotates or revokes keys needs `account:write`, which no key has."""
    api = Api("api-keys", authenticate)

    @api.get("/v1/api-keys", query=ApiKeyQuery, answers=ApiKeyPage, raises=(Forbidden,))
    def api_keys(call: Call[User], query: ApiKeyQuery) -> ApiKeyPage:
        """API keys, newest first: your own, another user's or everybody's."""
        caller = call.caller
        scope = f"api-keys/{caller.tenant_id}/{caller.user_id}/{caller.key_id}/{query.user_id}/{query.all}"
        found, position = service.page(
            caller,
            user_id=query.user_id,
            everyone=query.all,
            limit=query.limit,
            after=paging.unseal(query.cursor, scope=scope),
        )
        now = service.clock()
        return ApiKeyPage(
            items=[ApiKeyView.of(key, now) for key in found], next_cursor=paging.seal(position, scope=scope)
        )

    @api.post(
        "/v1/api-keys",
        body=CreateApiKey,
        status=201,
        answers=NewApiKeyView,
        permission="account:write",
        raises=(Forbidden, Conflict, NotFound),
        audit="api_key.create",
    )
    def create_api_key(call: Call[User], body: CreateApiKey) -> NewApiKeyView:
        """Make an API key, for yourself or for a service account."""
        issued = service.create(call.caller, body.name, body.scopes, body.lifetime, body.user_id)
        return NewApiKeyView.issued(issued, service.clock())

    @api.post(
        "/v1/api-keys/{api_key_id}/rotate",
        body=RotateApiKey,
        status=201,
        answers=NewApiKeyView,
        permission="account:write",
        raises=(Forbidden, NotFound, Conflict),
        audit="api_key.rotate",
    )
    def rotate_api_key(call: Call[User], api_key_id: str, body: RotateApiKey) -> NewApiKeyView:
        """Make a key that takes this one's place; both work for the time of the overlap."""
        return NewApiKeyView.issued(service.rotate(call.caller, api_key_id, body.overlap), service.clock())

    @api.delete(
        "/v1/api-keys/{api_key_id}",
        status=204,
        permission="account:write",
        raises=(NotFound,),
        audit="api_key.revoke",
    )
    def revoke_api_key(call: Call[User], api_key_id: str) -> None:
        """Revoke a key; the next request with it is refused."""
        service.revoke(call.caller, api_key_id)

    return api
