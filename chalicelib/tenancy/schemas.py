"""The organisation in the public API."""

from dataclasses import asdict
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.core.schemas import Name, RequestBody, ResponseBody, Time
from chalicelib.tenancy import logos
from chalicelib.tenancy.changing import Change
from chalicelib.tenancy.logos import Logo
from chalicelib.tenancy.rules import Tenant, TenantState

_LOGO_LENGTH = logos.MAX_BYTES * 4 // 3 + 64
"""Base64 makes four characters of three bytes; the rest is the data URL's head."""


def _pattern(value: str) -> str:
    if any(char.isspace() or ord(char) < 32 or ord(char) > 126 for char in value):
        raise ValueError("Use an image's name, with * for any part of it: ghcr.io/acme/*.")
    return value


ImagePattern = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_pattern)]
Network = Annotated[str, StringConstraints(min_length=2, max_length=60)]


class SettingsBody(RequestBody):
    """What is absent stays."""

    allowed_images: list[ImagePattern] | None = Field(
        default=None, max_length=100, description="Only images that one of these matches are ever run."
    )
    ip_allow_list: list[Network] | None = Field(
        default=None,
        max_length=100,
        description="Networks that people and API keys may call from; empty: from anywhere. Your own address "
        "has to be in it.",
    )
    password_min_length: Annotated[int, Field(ge=10, le=128)] | None = None
    invitation_days: Annotated[int, Field(ge=1, le=30)] | None = None


class BrandingBody(RequestBody):
    """What is absent stays; null takes away."""

    accent: Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    logo: Annotated[str, StringConstraints(max_length=_LOGO_LENGTH)] | None = Field(
        default=None, description="A data URL of a PNG, JPEG or WebP of at most 64 KiB."
    )


class ChangeTenant(RequestBody):
    name: Name | None = None
    settings: SettingsBody | None = None
    branding: BrandingBody | None = None

    def to_change(self) -> Change:
        """Raises Invalid for a logo that is none."""
        settings, look = self.settings or SettingsBody(), self.branding or BrandingBody()
        images, networks = settings.allowed_images, settings.ip_allow_list
        return Change(
            name=self.name,
            allowed_images=None if images is None else tuple(images),
            ip_allow_list=None if networks is None else tuple(networks),
            password_min_length=settings.password_min_length,
            invitation_days=settings.invitation_days,
            accent=look.accent,
            sets_accent="accent" in look.model_fields_set,
            logo=logos.parse(look.logo) if look.logo is not None else None,
            sets_logo="logo" in look.model_fields_set,
        )


class PlanLimitsView(ResponseBody):
    """Null means no limit."""

    members: int | None
    controllers: int | None
    templates: int | None
    api_keys: int | None
    sessions: int | None


class PlanView(ResponseBody):
    name: str
    limits: PlanLimitsView


class SettingsView(ResponseBody):
    allowed_images: list[str]
    ip_allow_list: list[str]
    password_min_length: int
    invitation_days: int


class BrandingView(ResponseBody):
    accent: str | None = Field(description="#rrggbb")
    logo: str | None = Field(description="A data URL.")


class OrganisationView(ResponseBody):
    """`settings` are shown to those who may see them."""

    id: str
    slug: str
    name: str
    created_at: Time
    state: TenantState
    plan: PlanView
    settings: SettingsView | None
    branding: BrandingView

    @classmethod
    def of(cls, tenant: Tenant, logo: Logo | None, *, settings: bool) -> "OrganisationView":
        """From the domain."""
        held = tenant.settings
        return cls(
            id=tenant.id,
            slug=tenant.slug,
            name=tenant.name,
            created_at=tenant.created_at,
            state=tenant.state,
            plan=PlanView(name=tenant.plan, limits=PlanLimitsView(**asdict(tenant.limits))),
            settings=SettingsView(
                allowed_images=list(held.allowed_images),
                ip_allow_list=list(held.ip_allow_list),
                password_min_length=held.password_min_length,
                invitation_days=held.invitation_days,
            )
            if settings
            else None,
            branding=BrandingView(accent=tenant.branding.accent, logo=logo.url if logo else None),
        )
