"""People, groups and invitations in the public API."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.core.schemas import Name, Page, PageQuery, RequestBody, ResponseBody, Time
from chalicelib.identity.service import Person, Role, User
from chalicelib.people.rules import MOST_GROUPS, Invitation
from chalicelib.people.service import Counted, Issued, Offer

RoleName = Literal["owner", "admin", "operator", "member", "auditor"]
Kind = Literal["person", "service"]
GroupId = Annotated[str, StringConstraints(pattern=r"^grp-[0-9a-hjkmnp-tv-z]{26}$")]
GroupIds = Annotated[list[GroupId], Field(max_length=MOST_GROUPS)]
Text = Annotated[str, StringConstraints(max_length=500)]
Email = Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
Token = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
Password = Annotated[str, StringConstraints(min_length=1, max_length=256, strip_whitespace=False)]


class UserView(ResponseBody):
    """A member, or a service account (which has no e-mail)."""

    id: str
    email: str
    name: str
    role: RoleName
    kind: Kind
    group_ids: list[str]
    charged_group_id: str | None
    disabled: bool
    created_at: Time
    last_sign_in_at: Time | None

    @classmethod
    def of(cls, person: Person) -> "UserView":
        """From the domain."""
        return cls(
            id=person.id,
            email=person.email,
            name=person.name,
            role=person.role.value,
            kind=person.kind,
            group_ids=list(person.groups),
            charged_group_id=person.charged_group,
            disabled=person.disabled,
            created_at=person.created_at,
            last_sign_in_at=person.last_sign_in_at,
        )


class UserPage(Page[UserView]):
    """A page of people."""


class ListUsers(PageQuery):
    kind: Kind | None = Field(default=None, description="Members or service accounts; both when absent.")


def _given(value: object) -> object:
    if value is None:
        raise ValueError("Leave this out or give a value.")
    return value


class ChangeUser(RequestBody):
    """Absent fields stay. A `charged_group_id` of null counts their sessions towards no group."""

    name: Annotated[Name | None, AfterValidator(_given)] = None
    role: Annotated[RoleName | None, AfterValidator(_given)] = None
    disabled: Annotated[bool | None, AfterValidator(_given)] = None
    charged_group_id: GroupId | None = None

    def apply(self, person: Person) -> Person:
        """The person with the given fields changed."""
        values: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        if "role" in values:
            values["role"] = Role(values["role"])
        if "charged_group_id" in values:
            values["charged_group"] = values.pop("charged_group_id")
        return replace(person, **values)


class RemoveUser(RequestBody):
    delete_homes: bool = Field(default=False, description="Delete the files of their sessions as well.")


class SignInItem(ResponseBody):
    id: str
    created_at: Time
    last_used_at: Time
    source_ip: str
    user_agent: str


class SignInList(ResponseBody):
    items: list[SignInItem]
    next_cursor: str | None = None


class PermissionView(ResponseBody):
    name: str
    description: str
    personal: bool = Field(description="For people alone: no API key carries it.")


class RoleView(ResponseBody):
    name: RoleName
    description: str
    permissions: list[str]


class RoleList(ResponseBody):
    """What each role may do, and what each permission means."""

    items: list[RoleView]
    permissions: list[PermissionView]


class GroupView(ResponseBody):
    id: str
    name: str
    description: str
    member_count: int
    created_at: Time

    @classmethod
    def of(cls, counted: Counted) -> "GroupView":
        """From the domain."""
        group = counted.group
        return cls(
            id=group.id,
            name=group.name,
            description=group.description,
            member_count=counted.members,
            created_at=group.created_at,
        )


class GroupPage(Page[GroupView]):
    """A page of groups."""


class CreateGroup(RequestBody):
    name: Name
    description: Text = ""


class ChangeGroup(RequestBody):
    """Absent fields stay."""

    name: Name | None = None
    description: Text | None = None


class CreateInvitation(RequestBody):
    email: Email
    role: RoleName
    name: Annotated[str, StringConstraints(max_length=80)] = ""
    group_ids: GroupIds = Field(default_factory=list)


class InvitationView(ResponseBody):
    """`link` is shown when it is made, on creating and on sending again, and to people alone: an API key gets
    none, or it would be a way to a sign-in."""

    id: str
    email: str
    name: str
    role: RoleName
    group_ids: list[str]
    state: Literal["pending", "accepted", "expired", "revoked"]
    created_by: str
    created_at: Time
    expires_at: Time
    link: str | None = None

    @classmethod
    def of(cls, invitation: Invitation, now: datetime, link: str | None = None) -> "InvitationView":
        """From the domain."""
        return cls(
            id=invitation.id,
            email=invitation.email,
            name=invitation.name,
            role=invitation.role.value,
            group_ids=list(invitation.groups),
            state=invitation.state(now).value,
            created_by=invitation.created_by,
            created_at=invitation.created_at,
            expires_at=invitation.expires_at,
            link=link,
        )

    @classmethod
    def issued(cls, issued: Issued, now: datetime, to: User) -> "InvitationView":
        """With its link, for somebody who is signed in."""
        return cls.of(issued.invitation, now, None if to.key_id else issued.link)


class InvitationPage(Page[InvitationView]):
    """A page of invitations."""


class PreviewInvitation(RequestBody):
    token: Token


class OfferView(ResponseBody):
    """What the link offers. `has_account` is always false: nobody learns here what else an address opens."""

    organisation: str
    email: str
    role: RoleName
    name: str
    invited_by: str
    expires_at: Time
    has_account: Literal[False] = False
    password_min_length: int

    @classmethod
    def of(cls, offer: Offer) -> "OfferView":
        """From the domain."""
        invitation = offer.invitation
        return cls(
            organisation=offer.tenant.name,
            email=invitation.email,
            role=invitation.role.value,
            name=invitation.name,
            invited_by=offer.invited_by,
            expires_at=invitation.expires_at,
            password_min_length=offer.tenant.settings.password_min_length,
        )


class AcceptInvitation(RequestBody):
    token: Token
    name: Name
    password: Password
