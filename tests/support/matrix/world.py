"""Two organisations with somebody in every role, and a fresh object for every id that a route may name."""

import itertools
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chalicelib.core.clock import utc_now
from chalicelib.identity import tokens
from chalicelib.identity.rules import PERMISSIONS, PERSONAL, Role, User
from tests.support.fake_agent import FakeAgent, enroll
from tests.support.lambda_client import Answer, LambdaClient

PASSWORD = "a long enough pass phrase"
_serial = itertools.count(1)


@dataclass(frozen=True)
class Actor:
    """Somebody with a credential. `kind` is how they show who they are."""

    role: Role
    user_id: str
    token: str
    kind: str = "sign-in"

    def may(self, permission: str) -> bool:
        allowed = PERMISSIONS[self.role]
        return permission in (allowed - PERSONAL if self.kind == "api-key" else allowed)


@dataclass
class Organisation:
    """A tenant whose people can do everything that the matrix asks."""

    app: Any
    client: LambdaClient
    id: str
    slug: str
    people: dict[Role, Actor] = field(default_factory=dict)
    keys: dict[Role, Actor] = field(default_factory=dict)
    made: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def founded(cls, app: Any, client: LambdaClient) -> "Organisation":
        slug = f"m{next(_serial)}-{os.getpid()}"
        tenant = app.tenancy.create(slug, f"Organisation {slug}", allowed_images=("*",))
        found = cls(app, client, tenant.id, slug)
        found.people = {role: found.person(role) for role in Role}
        found.keys = {role: found.key(actor) for role, actor in found.people.items()}
        return found

    @property
    def owner(self) -> Actor:
        return self.people[Role.OWNER]

    def call(self, method: str, path: str, body: Any = None, *, by: Actor | None = None, **more: Any) -> Any:
        """A call that has to succeed; its JSON."""
        answer = self.client(method, path, body, token=(by or self.owner).token, **more)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.text}"
        return json.loads(answer.text) if answer.text else None

    def person(self, role: Role) -> Actor:
        """A new person, signed in."""
        email = f"{role}-{next(_serial)}@{self.slug}.example"
        person = self.app.identity.create_user(self.id, email, role.title(), PASSWORD, role)
        self.made.setdefault("user", []).append(person.id)
        return Actor(role, person.id, self.sign_in(email))

    def sign_in(self, email: str) -> str:
        answer = self.client("POST", "/v1/auth/login", {"email": email, "password": PASSWORD})
        assert answer.status == 200, answer.text
        return str(answer.json["access_token"])

    def key(self, actor: Actor, scopes: list[str] | None = None) -> Actor:
        """The same person by an API key with all that a key may carry."""
        wanted = sorted(PERMISSIONS[actor.role] - PERSONAL) if scopes is None else scopes
        made = self.call("POST", "/v1/api-keys", {"name": "matrix", "scopes": wanted}, by=actor)
        return Actor(actor.role, actor.user_id, made["key"], "api-key")

    def expired(self, actor: Actor) -> str:
        """An access token that was good yesterday."""
        user = User(self.id, actor.user_id, actor.role, "sgn-" + "0" * 26)
        return tokens.issue_access(user, now=utc_now() - timedelta(days=1), lifetime=900)

    def revoked(self, role: Role) -> str:
        """An access token, not expired, of a sign-in that was ended."""
        actor = self.person(role)
        self.app.identity.end_sign_ins(self.id, actor.user_id)
        return actor.token

    # Objects

    def make(self, kind: str, by: Actor | None = None) -> str:
        """The id of a fresh object. Sessions, keys and sign-ins are the caller's own where they can be."""
        found: str = _MAKERS[kind](self, by or self.owner)
        self.made.setdefault(kind, []).append(found)
        return found

    @property
    def ids(self) -> set[str]:
        return {self.id, *(each for listed in self.made.values() for each in listed)}


def _template(org: Organisation, _by: Actor) -> str:
    body = {"name": f"Template {next(_serial)}", "image": "streamspace/terminal:dev"}
    return str(org.call("POST", "/v1/templates", body)["id"])


def _session(org: Organisation, by: Actor) -> str:
    body = {"template_id": org.made.get("template", [None])[0] or org.make("template")}
    maker = by if by.may("sessions:write") else org.owner
    return str(org.call("POST", "/v1/sessions", body, by=maker)["id"])


def _controller(org: Organisation, _by: Actor) -> str:
    return FakeAgent.enrolled(org.client, org.owner.token).controller_id


def _agent(org: Organisation, _by: Actor) -> str:
    return str(FakeAgent.enrolled(org.client, org.owner.token).enrolment["agent_id"])


def _user(org: Organisation, _by: Actor) -> str:
    return org.person(Role.MEMBER).user_id


def _group(org: Organisation, _by: Actor) -> str:
    return str(org.call("POST", "/v1/groups", {"name": f"Group {next(_serial)}"})["id"])


def _invitation(org: Organisation, _by: Actor) -> str:
    body = {"email": f"guest-{next(_serial)}@{org.slug}.example", "role": "member"}
    return str(org.call("POST", "/v1/invitations", body)["id"])


def _api_key(org: Organisation, by: Actor) -> str:
    maker = org.owner if by.kind == "api-key" else by
    body = {"name": "a key", "scopes": ["sessions:read"]}
    return str(org.call("POST", "/v1/api-keys", body, by=maker)["id"])


def _sign_in(org: Organisation, by: Actor) -> str:
    email = org.app.identity.people.get(org.id, by.user_id).email
    org.sign_in(email)
    listed = org.app.identity.sign_ins(org.id, by.user_id)
    return str(max(listed, key=lambda each: each.created_at).id)


def _enrollment_token(org: Organisation, _by: Actor) -> str:
    """One that an agent has come by."""
    issued = org.call("POST", "/v1/controllers/enrollment-tokens", {})
    assert enroll(org.client, issued["token"]).status == 200
    return str(issued["id"])


def _export(org: Organisation, _by: Actor) -> str:
    return str(org.call("POST", "/v1/tenant/exports", {})["id"])


_MAKERS: dict[str, Callable[[Organisation, Actor], str]] = {
    "template": _template,
    "session": _session,
    "controller": _controller,
    "agent": _agent,
    "user": _user,
    "group": _group,
    "invitation": _invitation,
    "api_key": _api_key,
    "sign_in": _sign_in,
    "export": _export,
    "enrollment_token": _enrollment_token,
}

__all__ = ["Actor", "Answer", "Organisation"]
