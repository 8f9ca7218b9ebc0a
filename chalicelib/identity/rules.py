"""Roles, permissions and people: pure."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    OPERATOR = "operator"
    MEMBER = "member"
    AUDITOR = "auditor"


DESCRIPTIONS: dict[str, str] = {
    "sessions:read": "See one's own sessions",
    "sessions:write": "Create, change and open one's own sessions",
    "sessions:read_all": "See everybody's sessions",
    "sessions:write_all": "Change, open and end everybody's sessions",
    "templates:read": "See the catalog",
    "templates:write": "Add, change and remove templates, whichever group they are for",
    "controllers:read": "See controllers",
    "controllers:write": "Add, change and remove controllers",
    "quotas:read": "See the organisation's and one's own limits and usage",
    "quotas:write": "Set limits; see everybody's usage",
    "events:read": "Follow changes as they happen",
    "account:write": "Change one's own password, sign-ins and API keys",
    "users:read": "See members and invitations",
    "users:write": "Invite, change and remove members",
    "owners:write": "Make and unmake owners",
    "groups:read": "See groups and who is in them",
    "groups:write": "Make, change and remove groups",
    "api_keys:read_all": "See everybody's API keys",
    "api_keys:write_all": "Make service accounts and their API keys; revoke anybody's",
    "audit:read": "Search the audit log",
    "audit:export": "Export the audit log",
    "tenant:read": "See the organisation's settings",
    "tenant:write": "Change the organisation's settings and branding",
    "tenant:export": "Export all of the organisation's data",
    "tenant:delete": "Delete the organisation and all of its data",
}
"""Every permission, in the words that people read."""

_AUDITOR = {
    "sessions:read",
    "sessions:read_all",
    "templates:read",
    "controllers:read",
    "quotas:read",
    "events:read",
    "account:write",
    "users:read",
    "groups:read",
    "api_keys:read_all",
    "audit:read",
    "audit:export",
    "tenant:read",
}
_MEMBER = {
    "sessions:read",
    "sessions:write",
    "templates:read",
    "quotas:read",
    "events:read",
    "account:write",
}
_OPERATOR = _MEMBER | {
    "sessions:read_all",
    "sessions:write_all",
    "templates:write",
    "controllers:read",
    "controllers:write",
    "users:read",
    "groups:read",
}
_ADMIN = _OPERATOR | {
    "quotas:write",
    "users:write",
    "groups:write",
    "api_keys:read_all",
    "api_keys:write_all",
    "audit:read",
    "audit:export",
    "tenant:read",
    "tenant:write",
}

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.OWNER: frozenset(_ADMIN | {"owners:write", "tenant:export", "tenant:delete"}),
    Role.ADMIN: frozenset(_ADMIN),
    Role.OPERATOR: frozenset(_OPERATOR),
    Role.MEMBER: frozenset(_MEMBER),
    Role.AUDITOR: frozenset(_AUDITOR),
}
"""The one table of what each role may do."""

PERSONAL = frozenset({"account:write", "owners:write", "tenant:delete"})
"""What an API key never carries: it must not make its holder more than a key."""


Kind = Literal["person", "service"]
"""Services are accounts for programs: API keys alone open them."""


@dataclass(frozen=True)
class Person:
    """A user's row: one person, or one service account, in one tenant.

    Without `password_hash` there is no signing in by password; service accounts have no e-mail either.
    """

    tenant_id: str
    id: str
    email: str
    name: str
    role: Role
    created_at: datetime
    kind: Kind = "person"
    password_hash: str | None = field(default=None, repr=False)
    groups: tuple[str, ...] = ()
    charged_group: str | None = None
    disabled: bool = False
    last_sign_in_at: datetime | None = None
    preferences: dict[str, str] = field(default_factory=dict)
    revision: int = 0


@dataclass(frozen=True)
class User:
    """Somebody as the caller of a request: a person by a sign-in, or anybody by an API key.

    `groups` decide which templates and controllers are seen, `charged_group` is the one whose quota their
    sessions count towards. `scopes` are an API key's: it may do what both they and the role allow.
    """

    tenant_id: str
    user_id: str
    role: Role
    sign_in_id: str = ""
    groups: tuple[str, ...] = ()
    charged_group: str | None = None
    key_id: str = ""
    scopes: frozenset[str] | None = None

    @property
    def permissions(self) -> frozenset[str]:
        """What the role allows, less what an API key was not given."""
        allowed = PERMISSIONS[self.role]
        return allowed if self.scopes is None else (allowed & self.scopes) - PERSONAL

    @property
    def actor(self) -> str:
        return self.user_id

    @property
    def via(self) -> str:
        return f"api-key:{self.key_id}" if self.key_id else f"sign-in:{self.sign_in_id}"


def normalise_email(email: str) -> str:
    """How addresses are compared: without case or surrounding space."""
    return email.strip().lower()
