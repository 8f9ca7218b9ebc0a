"""The permission table as the matrix test expects it: written by hand, so that a route which forgot its
permission does not agree with itself.

`needs` is a permission, or `open` (nobody has to be known), `signed-in` (anybody who is), `agent` (an agent's
signature). `ok` are the answers of a caller who may. `body` and `query` are what a valid request sends.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.matrix.world import PASSWORD, Actor, Organisation

_serial = itertools.count(1)
Fill = Callable[[Organisation, Actor], dict[str, Any]]
AGENT = "agent"
OPEN = "open"
SIGNED_IN = "signed-in"


@dataclass(frozen=True)
class Entry:
    needs: str
    ok: frozenset[int] = frozenset({200, 201, 202, 204})
    body: Fill | None = None
    query: Fill | None = None


def _entry(needs: str, *ok: int, body: Fill | None = None, query: Fill | None = None) -> Entry:
    return Entry(needs, frozenset(ok) if ok else Entry.ok, body, query)


def _fixed(**body: Any) -> Fill:
    return lambda _org, _by: body


def _named(prefix: str, **body: Any) -> Fill:
    return lambda _org, _by: {"name": f"{prefix} {next(_serial)}", **body}


def _mailed(**body: Any) -> Fill:
    return lambda _org, _by: {"email": f"nobody-{next(_serial)}@example.com", **body}


def _new_session(org: Organisation, _by: Actor) -> dict[str, Any]:
    return {"template_id": org.make("template"), "controller_id": org.make("controller")}


def _new_template(org: Organisation, _by: Actor) -> dict[str, Any]:
    return {"name": "Fresh", "image": "streamspace/terminal:dev", "group_ids": [org.make("group")]}


def _invitation(org: Organisation, _by: Actor) -> dict[str, Any]:
    email = f"new-{next(_serial)}@{org.slug}.example"
    return {"email": email, "role": "member", "group_ids": [org.make("group")]}


def _charged(org: Organisation, _by: Actor) -> dict[str, Any]:
    return {"name": "Renamed"}


def _service_key(org: Organisation, by: Actor) -> dict[str, Any]:
    return {"name": "a key", "scopes": ["sessions:read"]}


def _groups(org: Organisation, _by: Actor) -> dict[str, Any]:
    return {"group_ids": [org.make("group")]}


_LIMITS = _fixed(limits={"sessions": 1000})
_WRONG_LINK = _fixed(token="not-a-token", new_password=PASSWORD)

TABLE: dict[str, Entry] = {
    # Open to all
    "GET /healthz": _entry(OPEN),
    "GET /.well-known/jwks.json": _entry(OPEN),
    "GET /v1/openapi.json": _entry(OPEN),
    "GET /docs": _entry(OPEN),
    "POST /v1/auth/login": _entry(OPEN, 401, body=_mailed(password="wrong")),
    "POST /v1/auth/refresh": _entry(OPEN, 401),
    "POST /v1/auth/logout": _entry(OPEN),
    "GET /v1/auth/options": _entry(OPEN),
    "POST /v1/auth/sign-up": _entry(OPEN, 202, 403, body=_mailed(organisation="Matrix", name="New")),
    "POST /v1/auth/sign-up/confirm": _entry(
        OPEN, 401, 403, 409, 410, 422, body=_fixed(token="not-a-token", password=PASSWORD)
    ),
    "POST /v1/auth/password-reset": _entry(OPEN, 202, body=_mailed()),
    "POST /v1/auth/password-reset/confirm": _entry(OPEN, 401, 409, 410, 422, body=_WRONG_LINK),
    "POST /v1/auth/invitation": _entry(OPEN, 401, 404, 409, 410, 422, body=_fixed(token="not-a-token")),
    "POST /v1/auth/invitation/accept": _entry(
        OPEN, 401, 404, 409, 410, 422, body=_fixed(token="not-a-token", name="New", password=PASSWORD)
    ),
    # Oneself
    "GET /v1/me": _entry(SIGNED_IN),
    "PATCH /v1/me": _entry("account:write", body=_fixed(name="Another name")),
    "PUT /v1/me/password": _entry(
        "account:write", 401, 403, 422, body=_fixed(current_password="wrong", new_password=PASSWORD)
    ),
    "GET /v1/me/sign-ins": _entry("account:write"),
    "DELETE /v1/me/sign-ins/{sign_in_id}": _entry("account:write"),
    "DELETE /v1/me/sign-ins": _entry("account:write"),
    # People
    "GET /v1/users": _entry("users:read"),
    "GET /v1/users/{user_id}": _entry("users:read"),
    "PATCH /v1/users/{user_id}": _entry("users:write", body=_charged),
    "DELETE /v1/users/{user_id}": _entry("users:write"),
    "GET /v1/users/{user_id}/sign-ins": _entry("users:write"),
    "DELETE /v1/users/{user_id}/sign-ins": _entry("users:write"),
    "POST /v1/invitations": _entry("users:write", body=_invitation),
    "GET /v1/invitations": _entry("users:read"),
    "DELETE /v1/invitations/{invitation_id}": _entry("users:write"),
    "POST /v1/invitations/{invitation_id}/resend": _entry("users:write"),
    "GET /v1/groups": _entry("groups:read"),
    "POST /v1/groups": _entry("groups:write", body=_named("Crowd")),
    "GET /v1/groups/{group_id}": _entry("groups:read"),
    "PATCH /v1/groups/{group_id}": _entry("groups:write", body=_named("Crew")),
    "DELETE /v1/groups/{group_id}": _entry("groups:write"),
    "GET /v1/groups/{group_id}/members": _entry("groups:read"),
    "PUT /v1/groups/{group_id}/members/{user_id}": _entry("groups:write"),
    "DELETE /v1/groups/{group_id}/members/{user_id}": _entry("groups:write"),
    "GET /v1/roles": _entry(SIGNED_IN),
    # Keys
    "GET /v1/api-keys": _entry(SIGNED_IN),
    "POST /v1/api-keys": _entry("account:write", body=_service_key),
    "POST /v1/api-keys/{api_key_id}/rotate": _entry("account:write"),
    "DELETE /v1/api-keys/{api_key_id}": _entry("account:write"),
    "POST /v1/service-accounts": _entry(
        "api_keys:write_all", body=lambda o, _: {**_named("Robot")(o, _), "role": "member", **_groups(o, _)}
    ),
    # Audit
    "GET /v1/audit": _entry("audit:read"),
    "GET /v1/audit/head": _entry("audit:read"),
    "GET /v1/audit/actions": _entry("audit:read"),
    "POST /v1/audit/exports": _entry("audit:export", body=_fixed()),
    # Quotas
    "GET /v1/quotas": _entry("quotas:read"),
    "PUT /v1/quotas/{scope}": _entry("quotas:write", body=_LIMITS),
    "PUT /v1/quotas/users/{user_id}": _entry("quotas:write", body=_LIMITS),
    "DELETE /v1/quotas/users/{user_id}": _entry("quotas:write"),
    "PUT /v1/quotas/groups/{group_id}": _entry("quotas:write", body=_LIMITS),
    "DELETE /v1/quotas/groups/{group_id}": _entry("quotas:write"),
    # The organisation
    "GET /v1/tenant": _entry(SIGNED_IN),
    "PATCH /v1/tenant": _entry("tenant:write", body=_fixed(name="Another name")),
    "POST /v1/tenant/exports": _entry("tenant:export", body=_fixed()),
    "GET /v1/tenant/exports": _entry("tenant:export"),
    "GET /v1/tenant/exports/{export_id}": _entry("tenant:export"),
    "POST /v1/tenant/deletion": _entry(
        "tenant:delete", 401, 403, 422, body=lambda o, _: {"slug": o.slug, "password": "wrong"}
    ),
    # The catalog
    "GET /v1/templates": _entry("templates:read"),
    "POST /v1/templates": _entry("templates:write", body=_new_template),
    "POST /v1/imports": _entry("templates:write", body=_fixed(manifests="kind: List\nitems: [{}]")),
    "GET /v1/templates/{template_id}": _entry("templates:read"),
    "PATCH /v1/templates/{template_id}": _entry("templates:write", body=_groups),
    "DELETE /v1/templates/{template_id}": _entry("templates:write"),
    # Controllers
    "GET /v1/controllers": _entry("controllers:read"),
    "GET /v1/controllers/{controller_id}": _entry("controllers:read"),
    "PATCH /v1/controllers/{controller_id}": _entry("controllers:write", body=_groups),
    "DELETE /v1/controllers/{controller_id}": _entry("controllers:write"),
    "PUT /v1/controllers/{controller_id}/drain": _entry("controllers:write", body=_fixed(mode="move")),
    "DELETE /v1/controllers/{controller_id}/drain": _entry("controllers:write"),
    "PUT /v1/controllers/{controller_id}/pause": _entry("controllers:write", body=_fixed(seconds=60)),
    "DELETE /v1/controllers/{controller_id}/pause": _entry("controllers:write"),
    "POST /v1/controllers/enrollment-tokens": _entry(
        "controllers:write", body=lambda o, _: {"controller_id": o.make("controller")}
    ),
    "GET /v1/controllers/{controller_id}/agents": _entry("controllers:read"),
    "GET /v1/agents": _entry(
        "controllers:read", query=lambda o, _: {"enrollment_token_id": o.make("enrollment_token")}
    ),
    "DELETE /v1/controllers/{controller_id}/agents/{agent_id}": _entry("controllers:write", 404),
    "GET /v1/controllers/{controller_id}/dead-letters": _entry("controllers:read"),
    "POST /v1/controllers/{controller_id}/dead-letters/redrive": _entry("controllers:write", body=_fixed()),
    "DELETE /v1/controllers/{controller_id}/dead-letters": _entry("controllers:write"),
    # Sessions; none is placed, so none runs
    "GET /v1/sessions": _entry("sessions:read"),
    "POST /v1/sessions": _entry("sessions:write", body=_new_session),
    "GET /v1/sessions/{session_id}": _entry("sessions:read"),
    "PATCH /v1/sessions/{session_id}": _entry("sessions:write", body=_named("Session")),
    "DELETE /v1/sessions/{session_id}": _entry("sessions:write"),
    "POST /v1/sessions/{session_id}/hibernate": _entry("sessions:write", 409),
    "POST /v1/sessions/{session_id}/wake": _entry("sessions:write"),
    "POST /v1/sessions/{session_id}/connect": _entry("sessions:write", 409, body=_fixed()),
    "POST /v1/sessions/{session_id}/logs": _entry("sessions:write", 409),
    "GET /v1/sessions/{session_id}/timeline": _entry("sessions:read"),
    "GET /v1/sessions/{session_id}/placement": _entry("sessions:read"),
    # Events
    "GET /v1/events": _entry("events:read"),
    "POST /v1/events/ticket": _entry("events:read"),
    # Agents
    "POST /agent/v1/enroll": _entry(OPEN, 401, 422, body=_fixed()),
    "POST /agent/v1/credentials": _entry(AGENT),
    "POST /agent/v1/heartbeat": _entry(AGENT),
    "POST /agent/v1/inventory": _entry(AGENT),
    "POST /agent/v1/keys": _entry(AGENT),
    "POST /agent/v1/dead-letters": _entry(AGENT),
    "POST /agent/v1/commands/{command_id}/claim": _entry(AGENT),
    "POST /agent/v1/commands/{command_id}/renew": _entry(AGENT),
    "POST /agent/v1/commands/{command_id}/result": _entry(AGENT),
    "POST /agent/v1/sessions/{session_id}/status": _entry(AGENT),
}
