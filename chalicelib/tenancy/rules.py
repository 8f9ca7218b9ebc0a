"""What a tenant is."""

import re
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from chalicelib.core.errors import Invalid

_SLUG = re.compile(r"^[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])$")


@dataclass(frozen=True)
class Tenant:
    """`allowed_images` are glob patterns (`streamspace/*`); an image that none matches is never run."""

    id: str
    slug: str
    name: str
    created_at: datetime
    suspended: bool = False
    allowed_images: tuple[str, ...] = ()

    def allows_image(self, image: str) -> bool:
        """Whether policy lets a session run this image."""
        return any(fnmatchcase(image, pattern) for pattern in self.allowed_images)


def check_slug(slug: str) -> str:
    """3 to 40 of a-z, 0-9 and inner hyphens: it appears in host names. Raises Invalid."""
    if not _SLUG.fullmatch(slug) or "--" in slug:
        raise Invalid.field("slug", "Use 3 to 40 lower-case letters, digits and single inner hyphens.")
    return slug
