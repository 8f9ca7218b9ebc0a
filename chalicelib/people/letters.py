"""What an invitation's mail says."""

from dataclasses import dataclass

from chalicelib.mail.service import Letter
from chalicelib.people.rules import Invitation
from chalicelib.tenancy.service import Tenant


@dataclass(frozen=True)
class Offer:
    """What somebody is told before they decide. `invited_by` is a name."""

    tenant: Tenant
    invitation: Invitation
    invited_by: str


def offer(made: Offer, link: str) -> Letter:
    """To whom it is made."""
    invitation, organisation = made.invitation, made.tenant.name
    until = f"{invitation.expires_at:%d %B %Y, %H:%M} UTC"
    return Letter(
        subject=f"Join {organisation} on StreamSpace",
        paragraphs=(
            f"{made.invited_by} invites you to {organisation}, as {invitation.role.value}.",
            "Choose a name and a password, and your desktops and applications open in the browser.",
        ),
        action=("Accept the invitation", link),
        notes=(
            f"The link works once, until {until}. It is for {invitation.email} alone: do not pass it on.",
            "If you did not expect this, ignore it and nothing happens.",
        ),
        organisation=organisation,
    )
