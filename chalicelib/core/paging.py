"""Cursors: opaque, bound to the list they came from, and signed, so that no one forges a foreign key."""

import base64
import hashlib
import hmac
import json
from typing import Any

from chalicelib.core.errors import Invalid
from chalicelib.core.keys import keys

_MAC_BYTES = 16


def seal(position: dict[str, Any] | None, *, scope: str) -> str | None:
    """A cursor for `position` (the store's last evaluated key), valid only for the same `scope`: the list's
    name, the tenant and the filters. None at the end of a list."""
    if position is None:
        return None
    body = json.dumps(position, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(_mac(body, scope) + body).rstrip(b"=").decode()


def unseal(cursor: str | None, *, scope: str) -> dict[str, Any] | None:
    """The position again. Raises Invalid for anything that `seal` did not make for this scope."""
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except ValueError:
        raise _refusal() from None
    mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(body, scope)):
        raise _refusal()
    position: dict[str, Any] = json.loads(body)
    return position


def _refusal() -> Invalid:
    return Invalid.field("cursor", "This is not a cursor of this list.")


def _mac(body: bytes, scope: str) -> bytes:
    secret = keys().cursor.get_op_key("sign")
    return hmac.new(secret, scope.encode() + b"\0" + body, hashlib.sha256).digest()[:_MAC_BYTES]
