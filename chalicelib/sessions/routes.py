"""HTTP of sessions, for people."""

from collections.abc import Callable

from chalicelib.core import paging, trail
from chalicelib.core.api import Api, Call
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import Conflict, Forbidden, Invalid, NotFound
from chalicelib.core.schemas import PageQuery
from chalicelib.identity.service import User
from chalicelib.sessions.rules import Desired
from chalicelib.sessions.schemas import (
    ChangeSession,
    CreateSession,
    DeleteSession,
    ListSessions,
    PlacementView,
    SessionPage,
    SessionView,
    TimelineEntryView,
    TimelinePage,
)
from chalicelib.sessions.service import SessionService

_READ, _WRITE = "sessions:read", "sessions:write"


def build(service: SessionService, authenticate: Callable[[Incoming], User]) -> Api[User]:
    """The routes."""
    api = Api("sessions", authenticate)
    _reading(api, service)
    _acting(api, service)
    return api


def _reading(api: Api[User], service: SessionService) -> None:
    queries = service.queries

    @api.get("/v1/sessions", query=ListSessions, answers=SessionPage, permission=_READ)
    def sessions(call: Call[User], query: ListSessions) -> SessionPage:
        """Sessions, newest first: your own, or everyone's if you may see them."""
        caller = call.caller
        scope = f"sessions/{caller.tenant_id}/{caller.user_id}/{query.user_id}/{query.state}"
        found, position = queries.page(
            caller,
            owner=query.user_id,
            state=query.state,
            limit=query.limit,
            after=paging.unseal(query.cursor, scope=scope),
        )
        items = [SessionView.of(each) for each in found]
        return SessionPage(items=items, next_cursor=paging.seal(position, scope=scope))

    @api.get("/v1/sessions/{session_id}", answers=SessionView, permission=_READ, raises=(NotFound,))
    def session(call: Call[User], session_id: str) -> SessionView:
        """One session."""
        return SessionView.of(queries.get(call.caller, session_id))

    @api.get(
        "/v1/sessions/{session_id}/timeline",
        query=PageQuery,
        answers=TimelinePage,
        permission=_READ,
        raises=(NotFound,),
    )
    def timeline(call: Call[User], session_id: str, query: PageQuery) -> TimelinePage:
        """What happened to a session, oldest first."""
        scope = f"timeline/{call.caller.tenant_id}/{session_id}"
        after = paging.unseal(query.cursor, scope=scope)
        found, position = queries.timeline(call.caller, session_id, limit=query.limit, after=after)
        items = [TimelineEntryView.of(each) for each in found]
        return TimelinePage(items=items, next_cursor=paging.seal(position, scope=scope))

    @api.get(
        "/v1/sessions/{session_id}/placement", answers=PlacementView, permission=_READ, raises=(NotFound,)
    )
    def placement(call: Call[User], session_id: str) -> PlacementView:
        """Why a session runs where it does, or why nowhere: a verdict on every controller."""
        return PlacementView.of(queries.placement(call.caller, session_id))


def _acting(api: Api[User], service: SessionService) -> None:
    lifecycle = service.lifecycle

    @api.post(
        "/v1/sessions",
        body=CreateSession,
        status=201,
        answers=SessionView,
        permission=_WRITE,
        raises=(Invalid, Forbidden, Conflict, NotFound),
        idempotent=True,
        audit="session.create",
    )
    def create_session(call: Call[User], body: CreateSession) -> SessionView:
        """Start a template for yourself."""
        return SessionView.of(service.creation.create(call.caller, body.to_new(), call.idempotency_key))

    @api.patch(
        "/v1/sessions/{session_id}",
        body=ChangeSession,
        answers=SessionView,
        permission=_WRITE,
        raises=(NotFound, Conflict),
        audit="session.change",
    )
    def change_session(call: Call[User], session_id: str, body: ChangeSession) -> SessionView:
        """Rename or label a session, or say which state you want it in."""
        caller = call.caller
        trail.note(**body.model_dump(mode="json", exclude_none=True))
        changed = lifecycle.rename(caller, session_id, name=body.name, labels=body.labels)
        if body.desired_state is Desired.RUNNING:
            changed = lifecycle.wake(caller, session_id)
        elif body.desired_state is Desired.HIBERNATED:
            changed = lifecycle.hibernate(caller, session_id)
        elif body.desired_state is Desired.TERMINATED:
            changed = service.terminate(caller, session_id, delete_home=False)
        return SessionView.of(changed)

    @api.delete(
        "/v1/sessions/{session_id}",
        query=DeleteSession,
        status=202,
        answers=SessionView,
        permission=_WRITE,
        raises=(NotFound, Conflict),
        audit="session.terminate",
    )
    def delete_session(call: Call[User], session_id: str, query: DeleteSession) -> SessionView:
        """End a session; its files are kept unless `delete_home` is true."""
        trail.note(delete_home=query.delete_home)
        ended = service.terminate(call.caller, session_id, delete_home=query.delete_home)
        return SessionView.of(ended)

    @api.post(
        "/v1/sessions/{session_id}/hibernate",
        status=202,
        answers=SessionView,
        permission=_WRITE,
        raises=(NotFound, Conflict),
        audit="session.hibernate",
    )
    def hibernate_session(call: Call[User], session_id: str) -> SessionView:
        """Stop a session's instance and keep its files."""
        return SessionView.of(lifecycle.hibernate(call.caller, session_id))

    @api.post(
        "/v1/sessions/{session_id}/wake",
        status=202,
        answers=SessionView,
        permission=_WRITE,
        raises=(NotFound, Conflict, Forbidden),
        audit="session.wake",
    )
    def wake_session(call: Call[User], session_id: str) -> SessionView:
        """Start a hibernated or failed session again."""
        return SessionView.of(lifecycle.wake(call.caller, session_id))
