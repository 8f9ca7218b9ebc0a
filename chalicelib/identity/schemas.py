"""Sign-in and the caller in the public API."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.core.schemas import RequestBody, ResponseBody


class Login(RequestBody):
    email: Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
    password: Annotated[str, StringConstraints(min_length=1, max_length=256, strip_whitespace=False)]
    tenant: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        default=None,
        description="The organisation's short name; needed only when the e-mail belongs to several.",
    )


class TokenView(ResponseBody):
    """The refresh token travels in a cookie alone."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the word, not a secret
    expires_in: int = Field(description="Seconds.")


class UserView(ResponseBody):
    id: str
    email: str
    name: str
    role: str


class TenantView(ResponseBody):
    id: str
    slug: str
    name: str


class MeView(ResponseBody):
    user: UserView
    tenant: TenantView
    permissions: list[str]
