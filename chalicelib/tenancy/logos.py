"""Logos: which files are accepted as one, told by what they are and not by what they are called."""

import base64
import binascii
from dataclasses import dataclass

from chalicelib.core.errors import Invalid

MAX_BYTES = 64 * 1024
_FIELD = "branding.logo"
_PREFIX = "data:"


@dataclass(frozen=True)
class Logo:
    media_type: str
    content: bytes

    @property
    def url(self) -> str:
        """As a data URL."""
        return f"data:{self.media_type};base64,{base64.b64encode(self.content).decode()}"


def parse(url: str) -> Logo:
    """A data URL as a logo. Raises Invalid unless it is base64 of a PNG, JPEG or WebP of at most 64 KiB.

    SVG is not accepted: it is a document that can carry scripts. The type that we hand out later is the one
    that the first bytes say; a different claim is refused, so that nothing is ever served as what it is not.
    """
    head, comma, body = url.partition(",")
    if not comma or not head.startswith(_PREFIX) or not head.endswith(";base64"):
        raise Invalid.field(_FIELD, "Send a data URL: data:image/png;base64,…")
    try:
        content = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid.field(_FIELD, "This is not base64.") from None
    if len(content) > MAX_BYTES:
        raise Invalid.field(_FIELD, f"A logo may have {MAX_BYTES // 1024} KiB.")
    media_type = sniff(content)
    claimed = head.removeprefix(_PREFIX).removesuffix(";base64").lower()
    if media_type is None or media_type != claimed:
        raise Invalid.field(_FIELD, "Send a PNG, JPEG or WebP picture under its own type.")
    return Logo(media_type, content)


def sniff(content: bytes) -> str | None:
    """What the first bytes say it is. Source: the WHATWG's MIME Sniffing Standard, section 6.1."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:14] == b"WEBPVP":
        return "image/webp"
    return None
