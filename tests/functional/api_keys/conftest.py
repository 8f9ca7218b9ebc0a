"""Keys and whoever holds them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.clock import utc_now

PASSWORD = "correct horse battery"


@dataclass
class Time:
    """What API keys take for the present: the real one, moved."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def time(control_plane: Any, monkeypatch: pytest.MonkeyPatch) -> Time:
    moved = Time()
    # The service is frozen, as it should be; a test may reach around that.
    monkeypatch.setitem(control_plane.api_keys.__dict__, "clock", moved)
    return moved


@pytest.fixture
def make_key(client: Any) -> Callable[..., dict[str, Any]]:
    """Makes a key by a sign-in; the answer, with the key itself."""

    def make(token: str, *scopes: str, **body: Any) -> dict[str, Any]:
        asked = {"name": "ci", "scopes": list(scopes) or ["sessions:read"], **body}
        answer = client("POST", "/v1/api-keys", asked, token=token)
        assert answer.status == 201, answer.text
        return dict(answer.json)

    return make


@pytest.fixture
def owner(control_plane: Any, client: Any, tenant: Any) -> str:
    """An owner's access token."""
    from chalicelib.identity.service import Role

    email = f"owner@{tenant.slug}.example"
    control_plane.identity.create_user(tenant.id, email, "Owner", PASSWORD, Role.OWNER)
    return str(client("POST", "/v1/auth/login", {"email": email, "password": PASSWORD}).json["access_token"])
