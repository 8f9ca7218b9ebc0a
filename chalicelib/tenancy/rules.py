"""What a tenant is, what its plan allows and what its settings may be."""

import ipaddress
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Literal

from chalicelib.core.errors import Invalid

_SLUG = re.compile(r"^[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])$")
_ACCENT = re.compile(r"^#[0-9a-f]{6}$")


class TenantState(StrEnum):
    """`suspended` can be taken back; `deleting` cannot."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETING = "deleting"


Limited = Literal["members", "controllers", "templates", "api_keys", "sessions"]
"""What a plan limits."""


@dataclass(frozen=True)
class Plan:
    """How much an organisation may have of each; None means as much as it likes."""

    members: int | None = None
    controllers: int | None = None
    templates: int | None = None
    api_keys: int | None = None
    sessions: int | None = None


PLANS: dict[str, Plan] = {
    "free": Plan(members=5, controllers=2, templates=20, api_keys=10, sessions=5),
    "team": Plan(members=100, controllers=20, templates=200, api_keys=200, sessions=200),
    "enterprise": Plan(),
}
"""The one table of what each plan allows."""

UNLIMITED_PLAN = "enterprise"
"""What a tenant gets that an operator makes, unless they say otherwise."""


@dataclass(frozen=True)
class TenantSettings:
    """What an organisation decides for itself.

    `allowed_images` are glob patterns (`streamspace/*`); an image that none matches is never run.
    `ip_allow_list` are networks that people and API keys may call from; empty means anywhere. Agents are not
    bound by it: they prove themselves by a key that never leaves their host.
    """

    allowed_images: tuple[str, ...] = ("streamspace/*",)
    ip_allow_list: tuple[str, ...] = ()
    password_min_length: int = 10
    invitation_days: int = 7

    def admits(self, address: str) -> bool:
        """Whether somebody at this address may sign in or call. An address that cannot be read is refused
        as soon as there is a list."""
        if not self.ip_allow_list:
            return True
        try:
            caller = ipaddress.ip_address(address)
        except ValueError:
            return False
        # A dual-stack listener reports v4 clients as ::ffff:192.0.2.1.
        mapped = caller.ipv4_mapped if isinstance(caller, ipaddress.IPv6Address) else None
        plain = mapped or caller
        return any(plain in ipaddress.ip_network(each) for each in self.ip_allow_list)


@dataclass(frozen=True)
class Branding:
    """How an organisation looks to its people. The logo itself is kept apart: it is read rarely, this on
    every request."""

    accent: str | None = None
    has_logo: bool = False


@dataclass(frozen=True)
class Tenant:
    id: str
    slug: str
    name: str
    created_at: datetime
    settings: TenantSettings = field(default_factory=TenantSettings)
    branding: Branding = field(default_factory=Branding)
    plan: str = UNLIMITED_PLAN
    state: TenantState = TenantState.ACTIVE
    reason: str | None = None
    revision: int = 0

    @property
    def suspended(self) -> bool:
        """Whether its people, keys and sign-ins are refused."""
        return self.state is not TenantState.ACTIVE

    @property
    def suspended_reason(self) -> str | None:
        """Why, in the operator's words; None while it is active."""
        return self.reason if self.suspended else None

    @property
    def limits(self) -> Plan:
        """What its plan allows."""
        return PLANS[self.plan]

    @property
    def allowed_images(self) -> tuple[str, ...]:
        """Glob patterns of images that may run."""
        return self.settings.allowed_images

    def allows_image(self, image: str) -> bool:
        """Whether policy lets a session run this image."""
        return any(fnmatchcase(image, pattern) for pattern in self.allowed_images)


def check_slug(slug: str) -> str:
    """3 to 40 of a-z, 0-9 and inner hyphens: it appears in host names. Raises Invalid."""
    if not _SLUG.fullmatch(slug) or "--" in slug:
        raise Invalid.field("slug", "Use 3 to 40 lower-case letters, digits and single inner hyphens.")
    return slug


def check_plan(plan: str) -> str:
    """Raises Invalid for a plan that there is not."""
    if plan not in PLANS:
        raise Invalid.field("plan", f"There are the plans {', '.join(PLANS)}.")
    return plan


def check_accent(accent: str) -> str:
    """`#rrggbb`, lower case. Raises Invalid."""
    if not _ACCENT.fullmatch(accent.lower()):
        raise Invalid.field("branding.accent", "Use a colour like #3b82f6.")
    return accent.lower()


def networks(listed: tuple[str, ...]) -> tuple[str, ...]:
    """An allow list in its plain form: single addresses become networks, repetitions go. Raises Invalid."""
    found: dict[str, None] = {}
    for each in listed:
        try:
            found[str(ipaddress.ip_network(each.strip()))] = None
        except ValueError:
            raise Invalid.field(
                "settings.ip_allow_list",
                f"{each[:60]!r} is not a network; use 192.0.2.0/24, 2001:db8::/32 or a single address.",
            ) from None
    return tuple(found)
