"""Invitations and groups, and who may change whom: pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.core.errors import Conflict, Forbidden, Invalid, TooMany
from chalicelib.identity.rules import PERMISSIONS, PERSONAL, Person, Role, User

MOST_GROUPS = 20
"""Groups that one person, template or controller may name."""
OWNERS = "owners:write"
ROLES: dict[Role, str] = {
    Role.OWNER: "Everything, and the only ones who make owners, export all data or delete the organisation",
    Role.ADMIN: "Runs the organisation: members, groups, limits, settings, audit log, and what operators do",
    Role.OPERATOR: "Runs the service: templates, controllers and everybody's sessions",
    Role.MEMBER: "Works with sessions of their own",
    Role.AUDITOR: "Sees everything and changes nothing but their own account",
}
"""What each role is for, in the words that people read; what it may do is identity's table."""


@dataclass(frozen=True)
class Group:
    """People who share templates, controllers and limits. `removing`: it is being taken off its members and
    takes no new ones."""

    tenant_id: str
    id: str
    name: str
    description: str
    created_at: datetime
    removing: bool = False


def open_to(named: Collection[str], groups: Iterable[str]) -> bool:
    """Whether something for the groups `named` is for somebody in `groups`; without any it is for everybody.
    A group that is gone still counts as named: removing it opens nothing."""
    return not named or not set(named).isdisjoint(groups)


def joined(person_groups: tuple[str, ...], group_id: str) -> tuple[str, ...]:
    """The groups with one more. Raises Conflict `too_many_groups`."""
    if group_id in person_groups:
        return person_groups
    if len(person_groups) >= MOST_GROUPS:
        raise Conflict(f"Nobody can be in more than {MOST_GROUPS} groups.", code="too_many_groups")
    return (*person_groups, group_id)


def charged(charged_group: str | None, groups: tuple[str, ...]) -> str | None:
    """Whose limits somebody's sessions count towards once these are their groups: as before while they are in
    that group, else the first. Without this, a group's limits would bind nobody until somebody said so of
    each member."""
    if charged_group in groups:
        return charged_group
    return groups[0] if groups else None


class InvitationState(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Invitation:
    """An offer to join. `serial` counts how often it was sent, last at `sent_at`: links of earlier sendings
    stop working."""

    tenant_id: str
    id: str
    email: str
    role: Role
    created_by: str
    created_at: datetime
    expires_at: datetime
    name: str = ""
    groups: tuple[str, ...] = ()
    serial: int = 1
    sent_at: datetime | None = None
    accepted_by: str | None = None
    revoked: bool = False

    def state(self, now: datetime) -> InvitationState:
        """Expiry is a matter of time, so it is never stored."""
        if self.accepted_by is not None:
            return InvitationState.ACCEPTED
        if self.revoked:
            return InvitationState.REVOKED
        return InvitationState.EXPIRED if now >= self.expires_at else InvitationState.PENDING


MOST_MAILS = 5
"""Invitations that one tenant sends to one address before a day without any has to pass: an address that
somebody mistyped, or means ill, must not be flooded in our name."""
_MAILS_COUNTED = timedelta(days=1)


def check_pace(earlier: Iterable[Invitation], email: str, now: datetime) -> None:
    """Whether another mail may go to that address. Raises TooMany `invited_too_often`."""
    recent = [
        each
        for each in earlier
        if each.email == email and now - (each.sent_at or each.created_at) < _MAILS_COUNTED
    ]
    if sum(each.serial for each in recent) >= MOST_MAILS:
        raise TooMany(
            f"{email} was sent {MOST_MAILS} invitations. Give them a day before the next.",
            code="invited_too_often",
            retry_after=int(_MAILS_COUNTED.total_seconds()),
        )


def is_active_owner(person: Person) -> bool:
    """Whether they can do what only owners may."""
    return person.role is Role.OWNER and not person.disabled


def check_change(actor: User, before: Person, after: Person) -> None:
    """Whether this caller may make that change. Raises Forbidden `owners_only`, `role_too_high`, Conflict
    `own_account`, Invalid."""
    if after.role is Role.OWNER and after.kind != "person":
        raise Invalid.field("role", "A service account cannot be an owner.")
    check_owners(actor, before.role, after.role)
    if after.role is not before.role:
        check_grant(actor, after.role)
    if before.id == actor.user_id and (before.role, before.disabled) != (after.role, after.disabled):
        raise Conflict("Nobody changes their own role or disables themselves.", code="own_account")
    if after.charged_group is not None and after.charged_group not in after.groups:
        raise Invalid.field("charged_group_id", "Name one of the groups that they are in.")


def check_removal(actor: User, person: Person) -> None:
    """Raises Forbidden `owners_only`, Conflict `own_account`."""
    check_owners(actor, person.role)
    if person.id == actor.user_id:
        raise Conflict("Nobody removes themselves.", code="own_account")


def check_owners(actor: User, *roles: Role) -> None:
    """What concerns owners takes a permission of its own. Raises Forbidden `owners_only`."""
    if Role.OWNER in roles and OWNERS not in actor.permissions:
        raise Forbidden(
            "Only owners make, change and remove owners.", code="owners_only", extra={"permission": OWNERS}
        )


def check_grant(actor: User, role: Role) -> None:
    """Nobody gives a role that may do more than they: a key that may only invite would otherwise invite its
    holder to everything. Raises Forbidden `role_too_high`."""
    if not PERMISSIONS[role] - PERSONAL <= actor.permissions:
        raise Forbidden("This role may do more than you.", code="role_too_high")


def still_vouched(inviter: Person | None, role: Role) -> bool:
    """Whether who offered this role could do so today: what somebody prepared before they left, were disabled
    or were given less opens nothing afterwards."""
    if inviter is None or inviter.disabled:
        return False
    return PERMISSIONS[role] | {"users:write"} <= PERMISSIONS[inviter.role]


def last_owner() -> Conflict:
    """Why somebody has to stay owner."""
    return Conflict(
        "An organisation needs an owner who can sign in: this is the last one.", code="last_owner"
    )
