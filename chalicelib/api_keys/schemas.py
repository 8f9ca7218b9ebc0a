"""API keys and service accounts in the public API."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.api_keys.rules import LONGEST, ApiKey
from chalicelib.api_keys.service import Issued
from chalicelib.core.schemas import Name, Page, PageQuery, RequestBody, ResponseBody, Time
from chalicelib.identity.service import Role

_UserId = Annotated[str, StringConstraints(pattern=r"^usr-[0-9a-hjkmnp-tv-z]{26}$")]

_GroupId = Annotated[str, StringConstraints(pattern=r"^grp-[0-9a-hjkmnp-tv-z]{26}$")]


class ApiKeyQuery(PageQuery):
    user_id: _UserId | None = Field(default=None, description="Whose; by default the caller's own.")
    all: bool = Field(default=False, description="Everybody's.")


class CreateApiKey(RequestBody):
    name: Name
    scopes: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}:[a-z_]{1,40}$")]],
        Field(min_length=1, max_length=100),
    ] = Field(description="Permissions that it may use; the owner's role has to have them too.")
    expires_in_days: int = Field(default=90, ge=1, le=LONGEST.days)
    user_id: _UserId | None = Field(default=None, description="A service account; by default the caller.")

    @property
    def lifetime(self) -> timedelta:
        return timedelta(days=self.expires_in_days)


class RotateApiKey(RequestBody):
    overlap_hours: int = Field(
        default=24, ge=0, le=168, description="How long the old key works beside the new one."
    )

    @property
    def overlap(self) -> timedelta:
        return timedelta(hours=self.overlap_hours)


class ApiKeyView(ResponseBody):
    id: str
    name: str
    user_id: str
    hint: str = Field(description="How the key begins and ends.")
    scopes: list[str]
    created_at: Time
    expires_at: Time
    last_used_at: Time | None = Field(description="To within five minutes.")
    last_used_ip: str | None
    state: Literal["active", "expired", "revoked"]
    replaced_by: str | None = Field(description="The key that a rotation put in its place.")

    @classmethod
    def of(cls, key: ApiKey, now: datetime) -> "ApiKeyView":
        return cls(**_fields(key, now))


class NewApiKeyView(ApiKeyView):
    key: str = Field(description="The key itself. It is shown this once.")

    @classmethod
    def issued(cls, issued: Issued, now: datetime) -> "NewApiKeyView":
        return cls(**_fields(issued.key, now), key=issued.secret.text)


def _fields(key: ApiKey, now: datetime) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "user_id": key.user_id,
        "hint": key.hint,
        "scopes": list(key.scopes),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "last_used_ip": key.last_used_ip,
        "state": key.state(now).value,
        "replaced_by": key.replaced_by,
    }


class ApiKeyPage(Page[ApiKeyView]):
    pass


class CreateServiceAccount(RequestBody):
    name: Name
    role: Role = Field(description="Any but owner.")
    group_ids: list[_GroupId] = Field(default=[], max_length=50)
