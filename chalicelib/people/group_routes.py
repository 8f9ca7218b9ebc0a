"""HTTP of groups and who is in them."""

from collections.abc import Callable

from chalicelib.core import paging
from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.schemas import PageQuery
from chalicelib.identity.service import User
from chalicelib.people.schemas import ChangeGroup, CreateGroup, GroupPage, GroupView, UserPage, UserView
from chalicelib.people.service import GroupService

_READ, _WRITE = "groups:read", "groups:write"


def build(service: GroupService, authenticate: Callable[[Incoming], User]) -> Api[User]:
    """The routes."""
    api = Api("groups", authenticate)
    _groups(api, service)
    _membership(api, service)
    return api


def _groups(api: Api[User], service: GroupService) -> None:
    @api.get("/v1/groups", query=PageQuery, answers=GroupPage, permission=_READ)
    def groups(call: Call[User], query: PageQuery) -> GroupPage:
        """Groups, oldest first."""
        scope = f"groups/{call.caller.tenant_id}"
        after = paging.unseal(query.cursor, scope=scope)
        found, position = service.page(call.caller.tenant_id, limit=query.limit, after=after)
        items = [GroupView.of(each) for each in found]
        return GroupPage(items=items, next_cursor=paging.seal(position, scope=scope))

    @api.post(
        "/v1/groups",
        body=CreateGroup,
        status=201,
        answers=GroupView,
        permission=_WRITE,
        audit="group.create",
    )
    def create_group(call: Call[User], body: CreateGroup) -> GroupView:
        """Make a group."""
        return GroupView.of(service.add(call.caller.tenant_id, body.name, body.description))

    @api.get("/v1/groups/{group_id}", answers=GroupView, permission=_READ, raises=(NotFound,))
    def group(call: Call[User], group_id: str) -> GroupView:
        """One group."""
        return GroupView.of(service.get(call.caller.tenant_id, group_id))

    @api.patch(
        "/v1/groups/{group_id}",
        body=ChangeGroup,
        answers=GroupView,
        permission=_WRITE,
        raises=(NotFound,),
        audit="group.change",
    )
    def change_group(call: Call[User], group_id: str, body: ChangeGroup) -> GroupView:
        """Rename or describe a group."""
        changed = service.change(
            call.caller.tenant_id, group_id, name=body.name, description=body.description
        )
        return GroupView.of(changed)

    @api.delete(
        "/v1/groups/{group_id}", status=204, permission=_WRITE, raises=(NotFound,), audit="group.remove"
    )
    def remove_group(call: Call[User], group_id: str) -> None:
        """Remove a group. What is only for it stays closed to others until it is changed."""
        service.remove(call.caller.tenant_id, group_id)


def _membership(api: Api[User], service: GroupService) -> None:
    @api.get(
        "/v1/groups/{group_id}/members",
        query=PageQuery,
        answers=UserPage,
        permission=_READ,
        raises=(NotFound,),
    )
    def group_members(call: Call[User], group_id: str, query: PageQuery) -> UserPage:
        """Who is in a group, oldest first."""
        tenant_id = call.caller.tenant_id
        scope = f"members/{tenant_id}/{group_id}"
        after = paging.unseal(query.cursor, scope=scope)
        found, position = service.members(tenant_id, group_id, limit=query.limit, after=after)
        items = [UserView.of(person) for person in found]
        return UserPage(items=items, next_cursor=paging.seal(position, scope=scope))

    @api.put(
        "/v1/groups/{group_id}/members/{user_id}",
        status=204,
        permission=_WRITE,
        raises=(NotFound, Conflict),
        audit="group.join",
    )
    def join_group(call: Call[User], group_id: str, user_id: str) -> None:
        """Put somebody into a group."""
        service.join(call.caller.tenant_id, group_id, user_id)

    @api.delete(
        "/v1/groups/{group_id}/members/{user_id}",
        status=204,
        permission=_WRITE,
        raises=(NotFound,),
        audit="group.leave",
    )
    def leave_group(call: Call[User], group_id: str, user_id: str) -> None:
        """Take somebody out of a group."""
        service.leave(call.caller.tenant_id, group_id, user_id)
