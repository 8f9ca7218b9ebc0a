"""What an organisation may change about itself, and what comes of it: pure."""

from dataclasses import dataclass, replace

from chalicelib.tenancy.logos import Logo
from chalicelib.tenancy.rules import Branding, Tenant, TenantSettings, check_accent, networks


@dataclass(frozen=True)
class Change:
    """A field that is None stays. `sets_accent` and `sets_logo` tell taking away from leaving."""

    name: str | None = None
    allowed_images: tuple[str, ...] | None = None
    ip_allow_list: tuple[str, ...] | None = None
    password_min_length: int | None = None
    invitation_days: int | None = None
    accent: str | None = None
    sets_accent: bool = False
    logo: Logo | None = None
    sets_logo: bool = False


def changed(tenant: Tenant, change: Change) -> Tenant:
    """The tenant after it. Raises Invalid for what cannot be."""
    held, look = tenant.settings, tenant.branding
    listed = held.ip_allow_list if change.ip_allow_list is None else networks(change.ip_allow_list)
    images = held.allowed_images if change.allowed_images is None else change.allowed_images
    accent = change.accent and check_accent(change.accent)
    return replace(
        tenant,
        name=change.name or tenant.name,
        settings=TenantSettings(
            allowed_images=tuple(dict.fromkeys(images)),
            ip_allow_list=listed,
            password_min_length=change.password_min_length or held.password_min_length,
            invitation_days=change.invitation_days or held.invitation_days,
        ),
        branding=Branding(
            accent=accent if change.sets_accent else look.accent,
            has_logo=change.logo is not None if change.sets_logo else look.has_logo,
        ),
    )
