"""Sign-in, sign-up and one's own account in the public API."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.core.schemas import Name, Page, RequestBody, ResponseBody, Time


def _encodable(value: str) -> str:
    if any(0xD800 <= ord(char) <= 0xDFFF for char in value):
        raise ValueError("Half a character is not allowed.")
    return value


Email = Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
Password = Annotated[
    str,
    StringConstraints(min_length=1, max_length=256, strip_whitespace=False),
    AfterValidator(_encodable),
]
LinkToken = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class Login(RequestBody):
    email: Email
    password: Password
    tenant: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        default=None,
        description="The organisation's short name; needed only when the e-mail belongs to several.",
    )


class TokenView(ResponseBody):
    """The refresh token travels in a cookie alone."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the word, not a secret
    expires_in: int = Field(description="Seconds.")


class OptionsView(ResponseBody):
    """What a sign-in page has to know before anybody has signed in."""

    sign_up: bool
    password_min_length: int


class SignUp(RequestBody):
    organisation: Name
    email: Email
    name: Name


class ConfirmSignUp(RequestBody):
    token: LinkToken
    password: Password


class AskReset(RequestBody):
    email: Email


class ConfirmReset(RequestBody):
    token: LinkToken
    new_password: Password


class MessageView(ResponseBody):
    """The same for everybody who asks."""

    message: str


class PreferencesView(ResponseBody):
    theme: Literal["system", "light", "dark"] = "system"
    start_page: Literal["catalog", "sessions"] = "catalog"
    time_zone: str | None = Field(default=None, description="None: the browser's.")


class Preferences(RequestBody):
    """What is absent stays; null goes back to what is usual."""

    theme: Literal["system", "light", "dark"] | None = None
    start_page: Literal["catalog", "sessions"] | None = None
    time_zone: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$")] | None = Field(
        default=None, description="An IANA name, like `Europe/Berlin`."
    )


class ChangeMe(RequestBody):
    name: Name | None = None
    preferences: Preferences | None = None


class ChangePassword(RequestBody):
    current_password: Password
    new_password: Password


class UserView(ResponseBody):
    id: str
    email: str
    name: str
    role: str
    kind: Literal["person", "service"]
    group_ids: list[str]
    charged_group_id: str | None
    preferences: PreferencesView


class BrandingView(ResponseBody):
    accent: str | None
    logo: str | None = Field(description="A data URL.")


class TenantView(ResponseBody):
    id: str
    slug: str
    name: str
    branding: BrandingView


class MeView(ResponseBody):
    user: UserView
    tenant: TenantView
    permissions: list[str]
    via: Literal["sign-in", "api-key"]


class SignInView(ResponseBody):
    id: str
    created_at: Time
    last_used_at: Time
    source_ip: str
    user_agent: str
    current: bool


class SignInPage(Page[SignInView]):
    pass
