"""HTTP of members, service accounts and roles."""

from collections.abc import Callable

from chalicelib.core import paging
from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import Conflict, Forbidden, NotFound
from chalicelib.identity.service import DESCRIPTIONS, PERMISSIONS, PERSONAL, User
from chalicelib.people.rules import ROLES
from chalicelib.people.schemas import (
    ChangeUser,
    ListUsers,
    PermissionView,
    RemoveUser,
    RoleList,
    RoleView,
    SignInItem,
    SignInList,
    UserPage,
    UserView,
)
from chalicelib.people.service import PeopleService

_READ, _WRITE = "users:read", "users:write"


def build(service: PeopleService, authenticate: Callable[[Incoming], User]) -> Api[User]:
    """The routes."""
    api = Api("users", authenticate)
    _reading(api, service)
    _changing(api, service)
    return api


def _reading(api: Api[User], service: PeopleService) -> None:
    @api.get("/v1/users", query=ListUsers, answers=UserPage, permission=_READ)
    def users(call: Call[User], query: ListUsers) -> UserPage:
        """Members and service accounts, oldest first."""
        tenant_id = call.caller.tenant_id
        scope = f"users/{tenant_id}/{query.kind}"
        after = paging.unseal(query.cursor, scope=scope)
        found, position = service.page(tenant_id, kind=query.kind, limit=query.limit, after=after)
        items = [UserView.of(person) for person in found]
        return UserPage(items=items, next_cursor=paging.seal(position, scope=scope))

    @api.get("/v1/users/{user_id}", answers=UserView, permission=_READ, raises=(NotFound,))
    def user(call: Call[User], user_id: str) -> UserView:
        """One member or service account."""
        return UserView.of(service.get(call.caller.tenant_id, user_id))

    @api.get("/v1/users/{user_id}/sign-ins", answers=SignInList, permission=_WRITE, raises=(NotFound,))
    def user_sign_ins(call: Call[User], user_id: str) -> SignInList:
        """Where somebody is signed in, newest first."""
        found = service.sign_ins(call.caller, user_id)
        return SignInList(
            items=[
                SignInItem(
                    id=each.id,
                    created_at=each.created_at,
                    last_used_at=each.used_at,
                    source_ip=each.source_ip,
                    user_agent=each.user_agent,
                )
                for each in found
            ]
        )

    @api.get("/v1/roles", answers=RoleList)
    def roles(_call: Call[User]) -> RoleList:
        """What each role may do."""
        return RoleList(
            items=[
                RoleView(name=role.value, description=text, permissions=sorted(PERMISSIONS[role]))
                for role, text in ROLES.items()
            ],
            permissions=[
                PermissionView(name=name, description=text, personal=name in PERSONAL)
                for name, text in DESCRIPTIONS.items()
            ],
        )


def _changing(api: Api[User], service: PeopleService) -> None:
    @api.patch(
        "/v1/users/{user_id}",
        body=ChangeUser,
        answers=UserView,
        permission=_WRITE,
        raises=(NotFound, Forbidden, Conflict),
        audit="user.change",
    )
    def change_user(call: Call[User], user_id: str, body: ChangeUser) -> UserView:
        """Rename somebody, change their role, disable or enable them, or say which group their sessions count
        towards.

        It holds from their next request on; disabling signs them out and hibernates their sessions.
        """
        return UserView.of(service.change(call.caller, user_id, body.apply))

    @api.delete(
        "/v1/users/{user_id}",
        query=RemoveUser,
        status=204,
        permission=_WRITE,
        raises=(NotFound, Forbidden, Conflict),
        audit="user.remove",
    )
    def remove_user(call: Call[User], user_id: str, query: RemoveUser) -> None:
        """Remove somebody: their sign-ins, API keys and sessions end. Files stay unless `delete_homes`."""
        service.remove(call.caller, user_id, delete_homes=query.delete_homes)

    @api.delete(
        "/v1/users/{user_id}/sign-ins",
        status=204,
        permission=_WRITE,
        raises=(NotFound, Forbidden),
        audit="user.sign_out",
    )
    def end_user_sign_ins(call: Call[User], user_id: str) -> None:
        """Sign somebody out everywhere."""
        service.end_sign_ins(call.caller, user_id)
